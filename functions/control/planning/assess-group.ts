import { massDeletes } from '@proxywatch/core/domain/control/blast-radius';
import { differenceWords, wordsOf } from '@proxywatch/core/domain/control/change-words';
import type { ConfigModule, ConfigTable } from '@proxywatch/core/domain/control/config-rows';
import type { RowRef } from '@proxywatch/core/domain/control/group-work';
import { differencesOf, loadDifferences } from '@proxywatch/core/domain/control/layer-diff';
import type { PlannedLoad, PlanOptions, PlanRefusal } from '@proxywatch/core/domain/control/plan';
import { diffTable, type RowChange, type TableDiff } from '@proxywatch/core/domain/control/row-diff';
import { isFixedTable, type RowRules, tablesOf } from '@proxywatch/core/domain/control/row-rules';
import { modulesOf, tablesOfModules, writesOf } from '@proxywatch/core/domain/control/row-writes';
import type { MemberReading } from './read-member.ts';

/** What would be done to a group, and what speaks against it. */
export interface GroupAssessment {
  readonly writer: MemberReading;
  readonly changes: readonly RowChange[];
  readonly modules: readonly ConfigModule[];
  readonly adopted: readonly RowRef[];
  readonly kept: Readonly<Partial<Record<ConfigTable, number>>>;
  readonly managedAfter: readonly RowRef[];
  /** By member. */
  readonly loads: ReadonlyMap<string, readonly PlannedLoad[]>;
  /** What the writer has in memory and not on disk already, in words. */
  readonly unsaved: readonly string[];
  readonly refusals: readonly PlanRefusal[];
}

/** The first member is the writer. Pure. */
export function assessGroup(
  rules: RowRules,
  members: readonly [MemberReading, ...MemberReading[]],
  options: PlanOptions,
): GroupAssessment {
  const [writer, ...peers] = members;
  const diffs = tablesOf(writer.wanted).map((table) => [table, diffOf(rules, table, writer, options)] as const);
  const changes = diffs.flatMap(([, diff]) => diff.changes);
  const modules = modulesOf(writesOf(changes));
  const adopted = diffs.flatMap(([table, diff]) => diff.adopted.map((key) => ({ table, key })));
  const taken = new Set(
    diffs.flatMap(([, diff]) => diff.conflicts.map(({ table, row }) => JSON.stringify([table, row.key]))),
  );
  const decided = diffs.map(([table]) => table);
  const managedAfter = [
    ...writer.managed.filter(({ table }) => !decided.includes(table)),
    ...decided.flatMap((table) => (writer.wanted[table] ?? []).map(({ key }) => ({ table, key }))),
  ].filter(({ table, key }) => !taken.has(JSON.stringify([table, key])));
  const loads = new Map(members.map((member) => [member.proxyId, loadsOf(rules, member, modules)]));
  const refusals = [
    ...diffs.flatMap(([table, diff]) => diffRefusals(rules, table, diff)),
    ...massDeletes(changes, writer.memory).map((message) => refuse('MASS_DELETE', message, 'allowMassDelete')),
    ...[...loads].flatMap(([proxy, words]) =>
      words.map((load) => ({
        ...refuse('LOAD_BRINGS_MORE', `a LOAD would bring along: ${load.words}`, 'acceptLoads'),
        proxy,
      })),
    ),
    ...peers.flatMap((peer) => peerRefusals(rules, writer, peer, modules, changes)),
  ].filter(({ override }) => override === undefined || !options[override]);
  const kept = Object.fromEntries(diffs.map(([table, diff]) => [table, diff.kept.length]));
  return {
    writer,
    changes,
    modules,
    adopted,
    kept,
    managedAfter,
    loads,
    unsaved: unsavedOf(rules, writer, modules),
    refusals,
  };
}

function diffOf(
  rules: RowRules,
  table: ConfigTable,
  { wanted, memory, managed }: MemberReading,
  { adopt }: PlanOptions,
): TableDiff {
  const keys = new Set(managed.filter((row) => row.table === table).map(({ key }) => key));
  return diffTable(rules, table, wanted[table] ?? [], memory[table] ?? [], { managed: keys, adopt });
}

function diffRefusals(rules: RowRules, table: ConfigTable, { conflicts, unknown }: TableDiff): readonly PlanRefusal[] {
  return [
    ...conflicts.map((change) =>
      refuse(
        'CONFLICTING_ROW',
        `somebody else's row is in the way: ${wordsOf(rules, change)}; import it first`,
        'adopt',
      ),
    ),
    ...unknown.map((key) => refuse('UNKNOWN_VARIABLE', `this proxy has no ${rules.nameOf(table, key)}`)),
  ];
}

function loadsOf(
  rules: RowRules,
  { memory, runtime }: MemberReading,
  modules: readonly ConfigModule[],
): readonly PlannedLoad[] {
  const { edits, monitored } = loadDifferences(
    rules,
    tablesOfModules(memory, modules),
    tablesOfModules(runtime, modules),
  );
  // A row that runtime alone has was moved there, and one that differs was shunned: both as they were after a LOAD.
  const servers = monitored.filter(({ table, right }) => table === 'servers' && right !== undefined);
  return [
    ...edits.map((edit) => ({ kind: 'edit' as const, words: differenceWords(rules, edit, 'memory', 'runtime') })),
    ...servers.map((server) => ({
      kind: 'server' as const,
      words: differenceWords(rules, server, 'memory', 'runtime'),
    })),
  ];
}

function unsavedOf(
  rules: RowRules,
  { memory, disk }: MemberReading,
  modules: readonly ConfigModule[],
): readonly string[] {
  return differencesOf(rules, tablesOfModules(memory, modules), tablesOfModules(disk, modules)).map((difference) =>
    differenceWords(rules, difference, 'memory', 'disk'),
  );
}

/** Peers take over the writer's whole tables: what they have for themselves would be gone. */
function peerRefusals(
  rules: RowRules,
  writer: MemberReading,
  peer: MemberReading,
  modules: readonly ConfigModule[],
  changes: readonly RowChange[],
): readonly PlanRefusal[] {
  const touched = new Set(changes.map(({ table, row }) => JSON.stringify([table, row.key])));
  const { edits } = loadDifferences(
    rules,
    tablesOfModules(writer.memory, modules),
    tablesOfModules(peer.runtime, modules),
  );
  const own = edits.filter(({ table, key }) => !isFixedTable(table) || touched.has(JSON.stringify([table, key])));
  const wants = differencesOf(rules, tablesOfModules(writer.wanted, modules), tablesOfModules(peer.wanted, modules));
  return [
    ...own.map((edit) => ({
      ...refuse(
        'SYNC_GROUP',
        `the group does not agree: ${differenceWords(rules, edit, writer.proxyId, peer.proxyId)}`,
        'acceptLoads',
      ),
      proxy: peer.proxyId,
    })),
    ...wants.map(({ table, key }) => ({
      ...refuse(
        'DESIRED_STATE',
        `${rules.nameOf(table, key)} is wanted differently on ${writer.proxyId} and ${peer.proxyId}, which sync`,
      ),
      proxy: peer.proxyId,
    })),
  ];
}

function refuse(code: PlanRefusal['code'], message: string, override?: PlanRefusal['override']): PlanRefusal {
  return { code, message, ...(override && { override }) };
}

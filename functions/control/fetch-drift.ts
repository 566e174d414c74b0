import { differenceWords, maskedValue, wordsOf } from '@proxywatch/core/domain/control/change-words';
import {
  CONFIG_MODULES,
  type ConfigModule,
  type ConfigTable,
  type FieldValue,
} from '@proxywatch/core/domain/control/config-rows';
import { differencesOf, loadDifferences, type RowDifference } from '@proxywatch/core/domain/control/layer-diff';
import { diffTable } from '@proxywatch/core/domain/control/row-diff';
import { tablesOf } from '@proxywatch/core/domain/control/row-rules';
import type { ProxyControl } from '@proxywatch/core/ports/proxy-control';
import type { ControlDeps } from './control-deps.ts';
import { fetchDesired } from './desired.ts';
import type { MemberReading } from './planning/read-member.ts';
import { surveyProxies } from './planning/survey.ts';

export interface Drift {
  readonly namespaceRevision: number;
  readonly warnings: readonly string[];
  readonly proxies: readonly ProxyDrift[];
}

export interface ProxyDrift {
  readonly proxy: string;
  readonly managed: boolean;
  /** Why it could not be compared. */
  readonly problem: string | null;
  readonly rows: readonly DriftRow[];
}

export interface DriftRow {
  /** Which two layers differ: what is wanted from what is in memory, or memory from what runs or would run. */
  readonly between: 'desired-memory' | 'memory-runtime' | 'memory-disk';
  readonly table: ConfigTable;
  readonly key: string;
  readonly name: string;
  readonly words: string;
  /** Made by the proxy's monitors, not by anybody. */
  readonly monitored: boolean;
  readonly fields: readonly { readonly field: string; readonly left: FieldValue; readonly right: FieldValue }[];
}

/** How a namespace's proxies differ from what is wanted, and in themselves; managed or not. Changes nothing. */
export async function fetchDrift(
  deps: ControlDeps,
  namespace: string,
  proxies: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Drift> {
  const desired = await fetchDesired(deps, namespace, signal);
  const isSure = desired.servers !== undefined && !desired.servers.isUncertain;
  const modules: readonly ConfigModule[] = isSure
    ? CONFIG_MODULES
    : CONFIG_MODULES.filter((module) => module !== 'servers');
  const survey = await surveyProxies(deps, desired, namespace, modules, proxies, signal);
  const own = [...survey.records.values()].filter(
    ({ registration: { id, namespace: home } }) => home === namespace && (proxies?.includes(id) ?? true),
  );
  return {
    namespaceRevision: desired.revision,
    warnings: [
      ...(desired.servers?.warnings ?? []),
      ...(isSure ? [] : ['servers are not compared: nobody can vouch for what they should be']),
    ],
    proxies: own.map(({ registration: { id, kind }, managed }) => {
      const [reading, control] = [survey.readings.get(id), deps.controls.get(kind)];
      const problem = survey.problems.get(id) ?? null;
      return { proxy: id, managed, problem, rows: reading && control ? driftOf(control, reading) : [] };
    }),
  };
}

function driftOf(
  control: ProxyControl,
  { wanted, memory, runtime, disk, managed }: MemberReading,
): readonly DriftRow[] {
  const changes = tablesOf(wanted).flatMap((table) => {
    const keys = new Set(managed.filter((row) => row.table === table).map(({ key }) => key));
    const diff = diffTable(control, table, wanted[table] ?? [], memory[table] ?? [], { managed: keys, adopt: false });
    return [...diff.changes, ...diff.conflicts];
  });
  const between =
    (layers: DriftRow['between'], right: 'runtime' | 'disk', monitored: boolean) =>
    (difference: RowDifference): DriftRow => ({
      ...named(control, difference),
      between: layers,
      words: differenceWords(control, difference, 'memory', right),
      monitored,
      fields: shownFields(
        control,
        difference,
        difference.fields.map(({ field, from, to }) => ({ field, left: from, right: to })),
      ),
    });
  const loads = loadDifferences(control, memory, runtime);
  return [
    ...changes.map(
      (change): DriftRow => ({
        ...named(control, { table: change.table, key: change.row.key }),
        between: 'desired-memory',
        words: wordsOf(control, change),
        monitored: false,
        fields: shownFields(
          control,
          { table: change.table, key: change.row.key },
          change.kind === 'change'
            ? change.fields.map(({ field, from, to }) => ({ field, left: to, right: from }))
            : [],
        ),
      }),
    ),
    ...loads.edits.map(between('memory-runtime', 'runtime', false)),
    ...loads.monitored.map(between('memory-runtime', 'runtime', true)),
    ...differencesOf(control, memory, disk).map(between('memory-disk', 'disk', false)),
  ];
}

function named(control: ProxyControl, { table, key }: Pick<RowDifference, 'table' | 'key'>) {
  return { table, key, name: control.nameOf(table, key) };
}

function shownFields(
  control: ProxyControl,
  { table, key }: Pick<RowDifference, 'table' | 'key'>,
  fields: DriftRow['fields'],
): DriftRow['fields'] {
  const shown = (field: string, value: FieldValue) => maskedValue(control, table, key, field, value);
  return fields.map(({ field, left, right }) => ({ field, left: shown(field, left), right: shown(field, right) }));
}

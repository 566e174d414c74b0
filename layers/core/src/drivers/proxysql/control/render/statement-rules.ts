import type { AccountSpec, DeniedSql, DesiredState, NamespaceSpec } from '../../../../domain/control/desired-state.ts';
import type { Notes } from './notes.ts';
import type { RuleSpec } from './rule-row.ts';
import { RULE_IDS, slotsOf } from './rule-slots.ts';
import { pairedSlices } from './servers.ts';
import { HIDDEN_WRITE, MAY_READ, PLAIN_READ, WRITER_READ } from './statement-patterns.ts';

/** What is refused, counted and sent where. */
export function statementRules(desired: DesiredState, notes: Notes): readonly RuleSpec[] {
  const { namespace, accounts } = desired;
  return [
    ...wholeNamespace(namespace, notes),
    ...listedSql(namespace),
    ...readOnly(namespace, accounts, notes),
    ...split(desired, notes),
  ];
}

function wholeNamespace({ name, online, maxExecutionMs }: NamespaceSpec, notes: Notes): readonly RuleSpec[] {
  const rules: RuleSpec[] = [];
  if (!online) {
    notes.add(`namespace ${name}`, 'namespace', 'online');
    rules.push({ id: RULE_IDS.offline, refusal: `namespace ${name} is offline`, comment: 'offline' });
  }
  if (maxExecutionMs !== null) {
    rules.push({ id: RULE_IDS.longestExecution, timeoutMs: maxExecutionMs, comment: 'the longest execution' });
  }
  return rules;
}

function listedSql({ name, deniedSql }: NamespaceSpec): readonly RuleSpec[] {
  const entries = new Map(deniedSql.map((entry) => [JSON.stringify([entry.digest, entry.pattern]), entry]));
  const keysOf = (mode: DeniedSql['mode']) =>
    [...entries].filter(([, entry]) => entry.mode === mode).map(([key]) => key);
  const slots = new Map([
    ...slotsOf(keysOf('observe'), RULE_IDS.observed, 'statements that are counted'),
    ...slotsOf(keysOf('deny'), RULE_IDS.denied, 'statements that are refused'),
  ]);
  return [...slots].flatMap(([key, id]): RuleSpec[] => {
    const entry = entries.get(key);
    if (entry === undefined) return [];
    const { digest, pattern, mode, comment } = entry;
    return [
      {
        id,
        ...(digest !== undefined && { digest }),
        ...(pattern !== undefined && { matchDigest: pattern }),
        ...(mode === 'deny' && { refusal: `this statement is refused in namespace ${name}` }),
        comment: `${mode === 'deny' ? 'refused' : 'counted'}: ${comment}`,
      },
    ];
  });
}

function readOnly(
  { name, readOnly: isReadOnly }: NamespaceSpec,
  accounts: readonly AccountSpec[],
  notes: Notes,
): readonly RuleSpec[] {
  if (isReadOnly) notes.add(`namespace ${name}`, 'namespace', 'readOnly');
  const readers = accounts.filter(({ access }) => access === 'ro').map(({ username }) => username);
  return [
    ...(isReadOnly ? writeRefusals(RULE_IDS.readOnly, `namespace ${name} is read-only`) : []),
    ...[...slotsOf(readers, RULE_IDS.readOnlyAccounts, 'read-only accounts')].flatMap(([username, id]) =>
      writeRefusals(id, 'this account may only read', username),
    ),
  ];
}

function writeRefusals(id: number, refusal: string, username?: string): readonly RuleSpec[] {
  const who = username === undefined ? {} : { username };
  return [
    { id, ...who, matchDigest: MAY_READ, isNegated: true, refusal, comment: 'writes' },
    { id: id + 1, ...who, matchDigest: HIDDEN_WRITE, refusal, comment: 'writes that look like reads' },
  ];
}

/**
 * Accounts whose statements go to the writer of a slice have their plain reads sent to its readers. By account, since rules
 * know users and not their hostgroups: a rule for all would catch accounts that belong elsewhere, those of others too.
 */
function split({ namespace, accounts, servers }: DesiredState, notes: Notes): readonly RuleSpec[] {
  if (!namespace.readWriteSplit) return [];
  const holders = new Set(servers.map(({ hostgroup }) => hostgroup));
  const readers = new Map<number, number>();
  for (const { name, writerHostgroup, readerHostgroup } of pairedSlices(namespace)) {
    // Without any server there reads would wait until they fail.
    if (holders.has(writerHostgroup) && !holders.has(readerHostgroup)) {
      const reason = `reads of slice ${name} stay at the writer, since hostgroup ${readerHostgroup} has no server`;
      notes.add(`namespace ${namespace.name}`, 'namespace', 'readWriteSplit', reason);
    } else if (!readers.has(writerHostgroup)) {
      readers.set(writerHostgroup, readerHostgroup);
    }
  }
  const routed = new Map(
    accounts.filter(({ fastForward }) => !fastForward).map((account) => [account.username, account]),
  );
  const split = [...routed.values()].filter(({ defaultHostgroup }) => readers.has(defaultHostgroup));
  const slots = slotsOf(
    split.map(({ username }) => username),
    RULE_IDS.split,
    'accounts whose reads are split',
  );
  return [...slots].flatMap(([username, id]): RuleSpec[] => {
    const writer = routed.get(username)?.defaultHostgroup;
    const reader = writer === undefined ? undefined : readers.get(writer);
    if (writer === undefined || reader === undefined) return [];
    return [
      { id, username, matchDigest: WRITER_READ, hostgroup: writer, comment: 'reads that belong to the writer' },
      { id: id + 1, username, matchDigest: PLAIN_READ, hostgroup: reader, comment: 'reads go to readers' },
    ];
  });
}

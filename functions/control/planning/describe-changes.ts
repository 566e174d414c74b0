import { maskedValue, wordsOf } from '@proxywatch/core/domain/control/change-words';
import type { PlannedChange, PlannedField } from '@proxywatch/core/domain/control/plan';
import type { RowChange } from '@proxywatch/core/domain/control/row-diff';
import { byKey, type RowRules } from '@proxywatch/core/domain/control/row-rules';
import type { MemberReading } from './read-member.ts';

/** Changes as they are shown: in words, and field by field in all four layers, secrets masked. */
export function describeChanges(
  rules: RowRules,
  changes: readonly RowChange[],
  reading: MemberReading,
): readonly PlannedChange[] {
  return changes.map((change) => ({
    kind: change.kind,
    table: change.table,
    key: change.row.key,
    name: rules.nameOf(change.table, change.row.key),
    words: wordsOf(rules, change),
    fields: fieldsOf(rules, change, reading),
  }));
}

function fieldsOf(rules: RowRules, change: RowChange, reading: MemberReading): readonly PlannedField[] {
  const { table, row } = change;
  const layers = (['memory', 'runtime', 'disk'] as const).map(
    (layer) => [layer, byKey(reading[layer][table]).get(row.key)] as const,
  );
  const shown = (field: string, value: string | null) => maskedValue(rules, table, row.key, field, value);
  return Object.keys(row.fields).map((field) => ({
    field,
    ...(change.kind !== 'delete' && { desired: shown(field, row.fields[field] ?? null) }),
    ...Object.fromEntries(
      layers.flatMap(([layer, held]) =>
        held === undefined ? [] : [[layer, shown(field, held.fields[field] ?? null)]],
      ),
    ),
  }));
}

import type { ConfigRow, ConfigTable, LayerRows } from './config-rows.ts';
import { changedFields, type FieldChange } from './row-diff.ts';
import { byKey, type RowRules, tablesOf } from './row-rules.ts';

/** A row that is not the same on both sides; one of them is absent where only the other has it. */
export interface RowDifference {
  readonly table: ConfigTable;
  readonly key: string;
  readonly left: ConfigRow | undefined;
  readonly right: ConfigRow | undefined;
  /** Of a row that both have: what differs, from `left` to `right`. */
  readonly fields: readonly FieldChange[];
}

/** Rows in which two layers of the same tables differ, by the fields that the left row has. */
export function differencesOf(
  rules: Pick<RowRules, 'isSame'>,
  left: LayerRows,
  right: LayerRows,
): readonly RowDifference[] {
  return tablesOf(left, right).flatMap((table) => {
    const [ours, theirs] = [byKey(left[table]), byKey(right[table])];
    const keys = [...new Set([...ours.keys(), ...theirs.keys()])].toSorted();
    return keys.flatMap((key): RowDifference[] => {
      const [a, b] = [ours.get(key), theirs.get(key)];
      if (a === undefined || b === undefined) return [{ table, key, left: a, right: b, fields: [] }];
      const fields = changedFields(rules, table, a, b).map(({ field, from, to }) => ({ field, from: to, to: from }));
      return fields.length === 0 ? [] : [{ table, key, left: a, right: b, fields }];
    });
  });
}

export interface LoadDifferences {
  /** What somebody changed in memory and has not loaded: a LOAD of ours would. */
  readonly edits: readonly RowDifference[];
  /** What the proxy's monitors made of it at run time: a LOAD undoes it until they look again. */
  readonly monitored: readonly RowDifference[];
}

/** What a LOAD would bring along besides our own changes: differences from memory (left) to runtime (right). */
export function loadDifferences(rules: RowRules, memory: LayerRows, runtime: LayerRows): LoadDifferences {
  const edits: RowDifference[] = [];
  const monitored: RowDifference[] = [];
  for (const difference of differencesOf(rules, memory, runtime)) {
    const { table, left, right } = difference;
    if (left === undefined || right === undefined) {
      const isMonitored = rules.isAbsenceExpected(table, difference.key, memory, runtime);
      (isMonitored ? monitored : edits).push(difference);
      continue;
    }
    const split = Object.groupBy(difference.fields, ({ field, from, to }) =>
      rules.isMonitored(table, field, from, to) ? 'monitored' : 'edits',
    );
    if (split.monitored) monitored.push({ ...difference, fields: split.monitored });
    if (split.edits) edits.push({ ...difference, fields: split.edits });
  }
  return { edits, monitored };
}

/** Rows that, put into memory and loaded, give the runtime that was found: memory without what nobody loaded. */
export function loadedRows(rules: RowRules, memory: LayerRows, runtime: LayerRows): LayerRows {
  const rows = new Map(tablesOf(memory).map((table) => [table, new Map(byKey(memory[table]))]));
  for (const { table, key, right, left, fields } of loadDifferences(rules, memory, runtime).edits) {
    const held = rows.get(table);
    if (right === undefined) held?.delete(key);
    else if (left === undefined) held?.set(key, right);
    else
      held?.set(key, {
        key,
        fields: { ...left.fields, ...Object.fromEntries(fields.map(({ field, to }) => [field, to])) },
      });
  }
  return Object.fromEntries([...rows].map(([table, held]) => [table, [...held.values()]]));
}

import type { ConfigRow, ConfigTable, FieldValue } from './config-rows.ts';
import { byKey, isFixedTable, type RowRules } from './row-rules.ts';

export interface FieldChange {
  readonly field: string;
  readonly from: FieldValue;
  readonly to: FieldValue;
}

/** What has to happen to a row in memory. `fields` are those that change alone: a put of the others would undo nobody's but change their form. */
export type RowChange =
  | { readonly kind: 'add'; readonly table: ConfigTable; readonly row: ConfigRow }
  | {
      readonly kind: 'change';
      readonly table: ConfigTable;
      readonly row: ConfigRow;
      readonly fields: readonly FieldChange[];
    }
  | { readonly kind: 'delete'; readonly table: ConfigTable; readonly row: ConfigRow };

export interface DiffScope {
  /** Keys of the rows of this table that Proxywatch wrote or imported. */
  readonly managed: ReadonlySet<string>;
  /** Takes over rows of others that stand in the way. */
  readonly adopt: boolean;
}

export interface TableDiff {
  readonly changes: readonly RowChange[];
  /** Rows of others that are as wanted: from now on they are Proxywatch's. */
  readonly adopted: readonly string[];
  /** Rows of others that stand in the way, with what would become of them. */
  readonly conflicts: readonly RowChange[];
  /** Wanted of a table without room for new rows: variables that this proxy does not have. */
  readonly unknown: readonly string[];
  /** Rows of others that nobody wants anything of. */
  readonly kept: readonly string[];
}

/** What makes the rows that were found in memory the wanted ones, without touching what is not Proxywatch's. */
export function diffTable(
  rules: RowRules,
  table: ConfigTable,
  wanted: readonly ConfigRow[],
  found: readonly ConfigRow[],
  { managed, adopt }: DiffScope,
): TableDiff {
  const there = byKey(found);
  const wantedKeys = new Set(wanted.map(({ key }) => key));
  const isOurs = (key: string) => isFixedTable(table) || managed.has(key) || rules.isOwn(table, key);
  const changes: RowChange[] = [];
  const conflicts: RowChange[] = [];
  const adopted: string[] = [];
  const unknown: string[] = [];
  for (const row of wanted) {
    const before = there.get(row.key);
    if (before === undefined) {
      if (isFixedTable(table)) unknown.push(row.key);
      else changes.push({ kind: 'add', table, row });
      continue;
    }
    const fields = changedFields(rules, table, row, before);
    const isTaken = !isOurs(row.key);
    if (fields.length > 0) {
      const puts = Object.fromEntries(fields.map(({ field, to }) => [field, to]));
      const change: RowChange = { kind: 'change', table, row: { key: row.key, fields: puts }, fields };
      if (isTaken && !adopt) conflicts.push(change);
      else changes.push(change);
    }
    if (isTaken && (fields.length === 0 || adopt)) adopted.push(row.key);
  }
  const kept: string[] = [];
  for (const row of found) {
    if (wantedKeys.has(row.key)) continue;
    if (!isFixedTable(table) && isOurs(row.key)) changes.push({ kind: 'delete', table, row });
    else kept.push(row.key);
  }
  return { changes, adopted, conflicts, unknown, kept };
}

/** Fields of `wanted` that mean something else in `found`. */
export function changedFields(
  rules: Pick<RowRules, 'isSame'>,
  table: ConfigTable,
  wanted: ConfigRow,
  found: ConfigRow,
): readonly FieldChange[] {
  return Object.entries(wanted.fields).flatMap(([field, to]) => {
    const from = found.fields[field] ?? null;
    return rules.isSame(table, field, to, from) ? [] : [{ field, from, to }];
  });
}

import type { ConfigTable } from '../../../domain/control/config-rows.ts';
import { fieldLiteral } from './field-text.ts';
import { keyFields, TABLES, type TableRow } from './tables.ts';

// A statement is one atomic change, and one turn of the admin interface's only mutex: neither tiny nor endless.
const ROWS_PER_STATEMENT = 200;
export const KEYS_PER_STATEMENT = 200;

/** One row's change: what the rows of that key are and what they shall be. */
export interface KeyChange {
  readonly key: string;
  readonly before: readonly TableRow[];
  readonly after: readonly TableRow[];
}

/** One UPDATE where all rows of the key change alike, else one for each half of the user. */
export function updates(table: ConfigTable, { key, before, after }: KeyChange): readonly string[] {
  const sets = after.map((row, i) =>
    changedColumns(before[i], row)
      .map((column) => `${column}=${fieldLiteral(row[column] ?? null)}`)
      .join(','),
  );
  const update = (set: string, where = '') =>
    `UPDATE ${TABLES[table].memory} SET ${set} WHERE ${whereKey(table, key)}${where}`;
  if (sets.every((set) => set === sets[0])) return [update(sets[0] ?? '')];
  return after.flatMap((row, i) =>
    sets[i] === '' ? [] : [update(sets[i] ?? '', ` AND backend=${fieldLiteral(row.backend ?? null)}`)],
  );
}

export function deletions(table: ConfigTable, changes: readonly KeyChange[]): readonly string[] {
  return chunks(changes, KEYS_PER_STATEMENT).map(
    (chunk) =>
      `DELETE FROM ${TABLES[table].memory} WHERE ${whereKeys(
        table,
        chunk.map(({ key }) => key),
      )}`,
  );
}

/** Rows with the same columns go together. */
export function insertions(table: ConfigTable, rows: readonly TableRow[]): readonly string[] {
  const byColumns = Map.groupBy(rows, (row) => Object.keys(row).sort().join(','));
  return [...byColumns].flatMap(([names, alike]) =>
    chunks(alike, ROWS_PER_STATEMENT).map((chunk) => {
      const values = chunk.map(
        (row) =>
          `(${names
            .split(',')
            .map((column) => fieldLiteral(row[column] ?? null))
            .join(',')})`,
      );
      return `INSERT INTO ${TABLES[table].memory} (${names}) VALUES ${values.join(',')}`;
    }),
  );
}

export function whereKeys(table: ConfigTable, keys: readonly string[]): string {
  return keys.map((key) => `(${whereKey(table, key)})`).join(' OR ');
}

export function whereKey(table: ConfigTable, key: string): string {
  return Object.entries(keyFields(table, key))
    .map(([column, value]) => `${column}=${fieldLiteral(value)}`)
    .join(' AND ');
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** Columns that the change decides about and changes. */
export function changedColumns(before: TableRow | undefined, after: TableRow): readonly string[] {
  return Object.keys(after).filter((column) => before?.[column] !== after[column]);
}

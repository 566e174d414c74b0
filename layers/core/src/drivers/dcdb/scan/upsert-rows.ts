import { CompiledQuery } from 'kysely';
import type { Dcdb } from '../create-dcdb.ts';
import type { Row, UpsertTable, Value } from './upsert-table.ts';

/** Rows and bytes of one statement: well below any `max_allowed_packet`, and short enough to hold no lock for long. */
const MAX_ROWS = 1_000;
const MAX_BYTES = 1_000_000;
/** The longest that a character of a text becomes, escaped or as UTF-8. */
const BYTES_PER_CHARACTER = 3;
const BYTES_PER_VALUE = 24;

/** What the database says of a value that does not fit; another statement with the same value fares no better. */
const REFUSALS = new Set([
  'ER_DATA_TOO_LONG',
  'ER_WARN_DATA_OUT_OF_RANGE',
  'ER_TRUNCATED_WRONG_VALUE',
  'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
  'ER_INVALID_JSON_TEXT',
  'ER_BAD_NULL_ERROR',
  'ER_CONSTRAINT_FAILED',
  'ER_CHECK_CONSTRAINT_VIOLATED',
  'ER_INVALID_CHARACTER_STRING',
]);

export interface UpsertText {
  readonly insert: string;
  readonly onDuplicate: string;
}

/**
 * Writes rows in statements of bounded size. Answers how many the database refused for what they hold: each of those is
 * found by halving, and left out. All other failures are thrown as the driver has them, and the signal's reason before
 * the next statement: one that runs is not abandoned, its transaction would have to wait for it all the same.
 */
export async function upsertRows(
  db: Dcdb,
  table: UpsertTable,
  rows: readonly Row[],
  signal?: AbortSignal,
): Promise<number> {
  return upsertValues(
    db,
    table,
    rows.map(({ values }) => values),
    signal,
  );
}

export async function upsertValues(
  db: Dcdb,
  table: UpsertText,
  rows: readonly (readonly Value[])[],
  signal?: AbortSignal,
): Promise<number> {
  let refused = 0;
  for (const chunk of chunksOf(rows)) refused += await upsertChunk(db, table, chunk, signal);
  return refused;
}

async function upsertChunk(
  db: Dcdb,
  table: UpsertText,
  rows: readonly (readonly Value[])[],
  signal: AbortSignal | undefined,
): Promise<number> {
  signal?.throwIfAborted();
  try {
    // mysql2 writes a list of lists as rows.
    await db.executeQuery(CompiledQuery.raw(`${table.insert} ? ${table.onDuplicate}`, [rows]));
    return 0;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (rows.length === 1) return 1;
    const middle = rows.length >> 1;
    const first = await upsertChunk(db, table, rows.slice(0, middle), signal);
    return first + (await upsertChunk(db, table, rows.slice(middle), signal));
  }
}

function* chunksOf(rows: readonly (readonly Value[])[]): Generator<readonly (readonly Value[])[]> {
  let start = 0;
  let bytes = 0;
  for (const [index, row] of rows.entries()) {
    const rowBytes = bytesOf(row);
    if (index > start && (index - start >= MAX_ROWS || bytes + rowBytes > MAX_BYTES)) {
      yield rows.slice(start, index);
      [start, bytes] = [index, 0];
    }
    bytes += rowBytes;
  }
  if (start < rows.length) yield rows.slice(start);
}

function bytesOf(row: readonly Value[]): number {
  let bytes = 0;
  for (const value of row) bytes += typeof value === 'string' ? value.length * BYTES_PER_CHARACTER : BYTES_PER_VALUE;
  return bytes;
}

function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && REFUSALS.has(String(error.code));
}

import { expect } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { answer } from './lab.ts';
import type { Recorded } from './recordings.ts';
import { comparisonOf } from './scope.ts';

/** Sends the recorded statements one after the other, since later ones build on earlier ones, and compares answers. */
export async function replay(client: Connection, statements: readonly Recorded[]): Promise<void> {
  for (const recorded of statements) compare(await answer(client, recorded.sql), recorded);
}

/** One comparison per statement, so that a failure shows the statement and both answers. */
export function compare(answered: Recorded, { sql, columns, rows, ok, error }: Recorded): void {
  const recorded = { sql, columns, rows, ok, error };
  switch (comparisonOf(recorded)) {
    case 'refused':
      expect(answered).toEqual({
        sql,
        error: { ...REFUSAL, message: expect.stringMatching(/^ProxySQL Admin Error: /) },
      });
      break;
    case 'columns':
      expect({ ...answered, rows: undefined }).toEqual({ ...recorded, rows: undefined });
      break;
    case 'part of the rows':
      expect({ sql, columns: answered.columns }).toEqual({ sql, columns });
      expect(rows).toEqual(expect.arrayContaining([...(answered.rows ?? [])]));
      break;
    default:
      expect(inOrder(answered)).toEqual(inOrder(recorded));
  }
}

const REFUSAL = { errno: 1045, code: 'ER_ACCESS_DENIED_ERROR', sqlState: '28000' };

/** Without ORDER BY the order of rows is SQLite's affair; hashes that were drawn by lot are not compared. */
function inOrder(answered: Recorded): Recorded {
  if (answered.rows === undefined) return answered;
  const rows = answered.rows.map((row) => (row[0] === 't_hash' || row[0] === 't_sha2' ? row.map(withoutHash) : row));
  return { ...answered, rows: rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };
}

const withoutHash = (value: string | null): string | null =>
  value?.replace(/^(\*|\$A\$005\$)[\s\S]{40,}$/, '$1…') ?? null;

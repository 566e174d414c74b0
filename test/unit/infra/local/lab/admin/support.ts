import { DatabaseSync } from 'node:sqlite';
import type mysql from 'mysql2/promise';
import type { LabStats, Row, StatsTable } from '../../../../../../infra/local/lab/contract.ts';

/** Statistics that a test sets. */
export interface FakeStats extends LabStats {
  readonly tables: Map<StatsTable, readonly Row[]>;
  rulesLoaded: number;
}

export function fakeStats(): FakeStats {
  const tables = new Map<StatsTable, readonly Row[]>();
  const stats: FakeStats = {
    tables,
    rulesLoaded: 0,
    rowsOf: (table) => tables.get(table) ?? [],
    reset(table) {
      const rows = tables.get(table) ?? [];
      tables.set(table, []);
      return rows.length;
    },
    monitoredStatus: () => undefined,
    killSession: (id) => id === 7,
    onRulesLoaded() {
      stats.rulesLoaded++;
    },
  };
  return stats;
}

export const digestRow = (i: number): Row => {
  const digest = `0x${i.toString(16).toUpperCase().padStart(16, '0')}`;
  return [10 + (i % 2), 'shop', 'app', '', digest, `SELECT c FROM t${i} WHERE id=?`, i, 1, 2, i * 1000, 100, 900, 5, 7];
};

/** Rows of one statement, as text. */
export async function rowsOf(client: mysql.Connection, sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const [rows] = await client.query<mysql.RowDataPacket[][]>({
    sql,
    rowsAsArray: true,
    typeCast: (field) => field.buffer()?.toString('utf8') ?? null,
  });
  return rows as unknown as string[][];
}

/** What SQLite itself makes of a value when it is asked for text. */
export function sqliteText(expression: string): string {
  const db = new DatabaseSync(':memory:');
  try {
    return String(db.prepare(`SELECT CAST(${expression} AS TEXT) AS t`).get()?.t);
  } finally {
    db.close();
  }
}

import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { TABLES } from '../../infra/local/lab/admin/storage/schema.ts';
import { ProxywatchError } from '../../layers/core/src/domain/errors.ts';
import type { Query } from '../../layers/core/src/drivers/proxysql/cells.ts';

/** The tables of a proxy as its statistics user sees them, in SQLite alone: statements of the driver run for real. */
export interface SqliteStats {
  readonly query: Query;
  /** Every statement that was sent, in order. */
  readonly statements: readonly string[];
  readonly db: DatabaseSync;
  insert(table: string, ...rows: readonly Readonly<Record<string, SQLInputValue>>[]): void;
}

export function openSqliteStats(uptimeS = 62): SqliteStats {
  const db = new DatabaseSync(':memory:');
  db.exec("ATTACH ':memory:' AS monitor");
  for (const { schema, sql, name } of TABLES) {
    if (schema === 'stats') db.exec(sql);
    if (schema === 'monitor') db.exec(sql.replace(name, `monitor.${name}`));
  }
  const statements: string[] = [];
  const insert: SqliteStats['insert'] = (table, ...rows) => {
    for (const row of rows) {
      const names = Object.keys(row);
      db.prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`).run(
        ...Object.values(row),
      );
    }
  };
  insert('stats_mysql_global', { Variable_Name: 'ProxySQL_Uptime', Variable_Value: String(uptimeS) });
  return {
    db,
    statements,
    insert,
    async query(statement) {
      statements.push(statement);
      try {
        const prepared = db.prepare(statement);
        prepared.setReturnArrays(true);
        prepared.setReadBigInts(true);
        return (prepared.all() as unknown as unknown[][]).map((row) => row.map(cellOf));
      } catch (error) {
        throw new ProxywatchError('PROXY_STATEMENT', `ProxySQL Admin Error: ${(error as Error).message}`);
      }
    },
  };
}

function cellOf(value: unknown): Buffer | null {
  if (value === null) return null;
  return value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value));
}

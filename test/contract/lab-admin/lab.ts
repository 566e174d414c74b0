import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { type AdminInterface, openAdminInterface } from '../../../infra/local/lab/admin/admin-interface.ts';
import type { LabCommand } from '../../../infra/local/lab/contract.ts';
import { createRecordedStats, type RecordedStats } from './recorded-stats.ts';
import { type Recorded, SAMPLES } from './recordings.ts';

export interface Lab {
  readonly admin: AdminInterface;
  readonly stats: RecordedStats;
  readonly port: number;
  readonly commands: readonly LabCommand[];
  connect(options?: mysql.ConnectionOptions): Promise<mysql.Connection>;
  close(): Promise<void>;
}

/** A lab proxy configured like the recorded one: its users, servers, query rules and credentials. */
export async function startLab(): Promise<Lab> {
  const dataDir = mkdtempSync(join(tmpdir(), 'lab-admin-'));
  const stats = createRecordedStats();
  const commands: LabCommand[] = [];
  const clients: mysql.Connection[] = [];
  const admin = openAdminInterface({
    dataDir,
    variables: { 'admin-admin_credentials': 'admin:admin;radmin:radmin' },
    firstRun: [
      ...inserts('mysql_users'),
      ...inserts('mysql_servers'),
      ...inserts('mysql_query_rules', 'runtime_mysql_query_rules'),
    ],
    log: () => undefined,
  });
  stats.statuses.set('20 127.0.0.1 3399', 'SHUNNED');
  // The monitor forgets what it knew of servers that are loaded anew.
  admin.runtime.onLoaded((module) => module === 'servers' && stats.statuses.clear());
  const { port } = await admin.listen({
    host: '127.0.0.1',
    port: 0,
    stats,
    control: async (command) => void commands.push(command),
  });
  return {
    admin,
    stats,
    port,
    commands,
    async connect(options) {
      const client = await mysql.createConnection({
        host: '127.0.0.1',
        port,
        user: 'radmin',
        password: 'radmin',
        ...options,
      });
      client.on('error', () => undefined);
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.destroy();
      await admin.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** What a statement is answered, in the form of the recordings. */
export async function answer(client: mysql.Connection, sql: string): Promise<Recorded> {
  try {
    const [result, fields] = await client.query<mysql.RowDataPacket[][] | mysql.ResultSetHeader>({
      sql,
      rowsAsArray: true,
      typeCast: (field) => field.buffer()?.toString('utf8') ?? null,
    });
    if (!Array.isArray(result)) {
      const { affectedRows, info, warningStatus: warnings } = result;
      const { serverStatus: status } = result as unknown as { serverStatus: number };
      return { sql, ok: { affectedRows, info, warnings, status } };
    }
    const odd = fields.find((field) => field.columnType !== VAR_STRING || field.characterSet !== UTF8);
    if (odd !== undefined) throw new Error(`column ${odd.name} of ${sql} is no VAR_STRING in charset 33`);
    return { sql, columns: fields.map(({ name }) => name), rows: result as unknown as string[][] };
  } catch (error) {
    const { errno, code, sqlState, message } = error as mysql.QueryError;
    if (errno === undefined) throw error;
    return { sql, error: { errno, code, sqlState: sqlState ?? '', message } };
  }
}

const VAR_STRING = 253;
const UTF8 = 33;

function inserts(table: string, sample = table): string[] {
  const literal = (value: string | null): string => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`);
  return (SAMPLES[sample]?.rows ?? []).map((row) => `INSERT INTO ${table} VALUES (${row.map(literal).join(',')})`);
}

import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { cachingSha2Password } from '../caching-sha2.ts';
import { mysqlNativePassword } from '../passwords.ts';
import { creationOf, type SchemaName, TABLES } from './schema.ts';

export interface Databases {
  /** What administrators see: main, with disk, stats, monitor and stats_history attached. */
  readonly admin: DatabaseSync;
  /** What the statistics user sees: the tables of stats as main, read-only. */
  readonly stats: DatabaseSync;
  /** True when there was no disk database yet: nothing was ever saved. */
  readonly firstRun: boolean;
  close(): void;
}

// Written for SIGKILL, not for a power cut: the journal survives the process, nothing waits for the disk.
const DURABLE_ENOUGH = 'journal_mode = WAL; PRAGMA %s.synchronous = OFF';

/** Opens memory and disk databases of one lab proxy; `dataDir` (made when missing) holds what outlives a restart. */
export function openDatabases(dataDir: string): Databases {
  mkdirSync(dataDir, { recursive: true });
  const files = { disk: join(dataDir, 'proxysql.db'), stats_history: join(dataDir, 'proxysql_stats.db') };
  const firstRun = !existsSync(files.disk);
  const shared = (name: string): string => `file:lab-${id}-${name}?mode=memory&cache=shared`;
  const id = randomUUID();

  const admin = new DatabaseSync(':memory:', { enableDoubleQuotedStringLiterals: true });
  // In this order, so that SHOW DATABASES numbers them as ProxySQL does.
  attach(admin, 'disk', files.disk);
  attach(admin, 'stats', shared('stats'));
  attach(admin, 'monitor', shared('monitor'));
  attach(admin, 'stats_history', files.stats_history);
  for (const name of ['disk', 'stats_history']) admin.exec(`PRAGMA ${name}.${DURABLE_ENOUGH.replace('%s', name)}`);
  for (const table of TABLES) admin.exec(creationOf(table));
  addPasswordFunctions(admin);

  const stats = new DatabaseSync(shared('stats'), { enableDoubleQuotedStringLiterals: true });
  attach(stats, 'monitor', shared('monitor'));
  attach(stats, 'stats_history', files.stats_history);
  // The one row that a recorded proxy shows to its statistics user.
  admin.exec("INSERT INTO stats.global_variables VALUES ('mysql-max_allowed_packet', '4194304')");
  stats.exec('PRAGMA query_only = ON');

  return {
    admin,
    stats,
    firstRun,
    close() {
      stats.close();
      admin.close();
    },
  };
}

function attach(db: DatabaseSync, name: SchemaName, file: string): void {
  db.prepare(`ATTACH DATABASE ? AS ${name}`).run(file);
}

/** The functions with which an administrator hashes a password inside an INSERT or UPDATE. */
function addPasswordFunctions(db: DatabaseSync): void {
  db.function('MYSQL_NATIVE_PASSWORD', (password) => mysqlNativePassword(String(password)));
  db.function('CACHING_SHA2_PASSWORD', { varargs: true }, (password, salt) => {
    const given = salt === undefined ? undefined : Buffer.from(String(salt));
    return cachingSha2Password(String(password), given).toString();
  });
}

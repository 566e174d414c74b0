import { createConnection } from 'mysql2/promise';
import { BACKEND_USERS, MONITOR_USER, type Schema } from './backend-users.ts';
import { TABLES } from './schemas.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** Of all statements together. */
const TIMEOUT_MS = 60_000;
/** As deep as a recursive query may go by default. */
const SEQUENCE_ROWS = 1_000;
const SCHEMAS: readonly Schema[] = ['shop', 'crm', 'analytics'];

/**
 * Puts the shop's schemas, rows and users on the MariaDB at `rootUrl` (`mysql://user:password@host:port`), whose user may
 * create databases and users. Run again it starts the tables over. Takes under a second.
 */
export async function seedBackends(rootUrl: string, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const limit = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal === undefined ? [] : [signal])]);
  const { hostname, port, username, password } = new URL(rootUrl);
  const connection = await createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    connectTimeout: CONNECT_TIMEOUT_MS,
    charset: 'utf8mb4_unicode_ci',
  });
  connection.on('error', () => undefined);
  // mysql2 leaves a statement unanswered when its connection is destroyed.
  const late = Promise.withResolvers<never>();
  const giveUp = () => late.reject(limit.reason);
  limit.addEventListener('abort', giveUp, { once: true });
  try {
    if (limit.aborted) giveUp();
    for (const statement of seedStatements()) await Promise.race([connection.query(statement), late.promise]);
  } finally {
    limit.removeEventListener('abort', giveUp);
    connection.destroy();
  }
}

function seedStatements(): readonly string[] {
  return [
    ...SCHEMAS.map((schema) => `CREATE DATABASE IF NOT EXISTS ${schema} CHARACTER SET utf8mb4`),
    'USE shop',
    'CREATE TEMPORARY TABLE seq (seq INT NOT NULL PRIMARY KEY)',
    `INSERT INTO seq WITH RECURSIVE numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < ${SEQUENCE_ROWS})
     SELECT n FROM numbers`,
    ...TABLES.flatMap(({ schema, name, definition, rows }) => [
      `DROP TABLE IF EXISTS ${schema}.${name}`,
      `CREATE TABLE ${schema}.${name} (${definition})`,
      `INSERT INTO ${schema}.${name} ${rows}`,
    ]),
    ...createUser(MONITOR_USER),
    ...Object.values(BACKEND_USERS).flatMap(({ name, password, privileges }) => [
      ...createUser({ name, password }),
      ...SCHEMAS.map((schema) => `GRANT ${privileges} ON ${schema}.* TO '${name}'@'%'`),
    ]),
  ];
}

function createUser({ name, password }: { readonly name: string; readonly password: string }): readonly string[] {
  return [`DROP USER IF EXISTS '${name}'@'%'`, `CREATE USER '${name}'@'%' IDENTIFIED BY '${password}'`];
}

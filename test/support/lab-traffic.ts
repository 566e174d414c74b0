import mysql, { type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import { type LabProxy, type LabProxyOptions, startLabProxy } from '../../infra/local/lab/lab-proxy.ts';
import { type MariadbService, startMariadb } from '../../infra/local/services/mariadb.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const WRITER = 10;
export const READER = 20;

const SCHEMA = [
  'CREATE DATABASE shop',
  'CREATE DATABASE crm',
  'CREATE TABLE shop.stock (sku VARCHAR(20) PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB',
  'CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, cust INT, note VARCHAR(200)) ENGINE=InnoDB',
  "INSERT INTO shop.stock VALUES ('a',10),('b',20),('c',30)",
  "CREATE USER 'app_rw'@'%' IDENTIFIED BY 'rw-secret'",
  "GRANT ALL ON *.* TO 'app_rw'@'%'",
  "CREATE USER 'app_ro'@'%' IDENTIFIED BY 'ro-secret'",
  "GRANT SELECT ON *.* TO 'app_ro'@'%'",
];

/** A MariaDB with the schemas and users of the lab; stop it after the tests of a file. */
export async function startBackend(): Promise<MariadbService> {
  const backend = await startMariadb();
  const admin = await mysql.createConnection(backend.adminUrl);
  for (const sql of SCHEMA) await admin.query(sql);
  await admin.end();
  return backend;
}

export interface Lab extends LabProxy {
  readonly dataDir: string;
  /** A client of the traffic port. */
  client(options?: ConnectionOptions): Promise<Connection>;
  /** Rows of one statement on the admin interface, as objects of strings. */
  admin(sql: string): Promise<RowDataPacket[]>;
}

const open = new Set<() => Promise<void>>();

/** A lab proxy in this process before the back end, reads and writes split by rules; `closeLabs` ends it. */
export async function startLab(backendPort: number, options: Partial<LabProxyOptions> = {}): Promise<Lab> {
  const server = { hostname: '127.0.0.1', port: backendPort, max_connections: 50 };
  const dataDir = options.dataDir ?? temporaryFolder();
  const proxy = await startLabProxy({
    adminPort: 0,
    trafficPort: 0,
    backends: {
      servers: [WRITER, READER].map((hostgroup) => ({ hostgroup_id: hostgroup, ...server })),
      users: [
        { username: 'app_rw', password: 'rw-secret', default_hostgroup: WRITER, default_schema: 'shop' },
        {
          username: 'app_ro',
          password: 'ro-secret',
          default_hostgroup: READER,
          default_schema: 'shop',
          max_connections: 2,
        },
        { username: 'ghost', password: 'unknown-to-the-back-end', default_hostgroup: WRITER, default_schema: 'shop' },
      ],
      rules: [
        { rule_id: 50, active: 1, match_digest: '^DROP', error_msg: 'blocked by rule', apply: 1 },
        { rule_id: 100, active: 1, match_digest: '^SELECT.*FOR UPDATE', destination_hostgroup: WRITER, apply: 1 },
        { rule_id: 200, active: 1, match_digest: '^SELECT', destination_hostgroup: READER, apply: 1 },
      ],
    },
    ...options,
    dataDir,
  });
  open.add(proxy.stop);
  return {
    ...proxy,
    dataDir,
    async client(clientOptions = {}) {
      const client = await mysql.createConnection({
        host: '127.0.0.1',
        port: proxy.trafficPort,
        user: 'app_rw',
        password: 'rw-secret',
        ...clientOptions,
      });
      client.on('error', () => undefined);
      open.add(async () => client.destroy());
      return client;
    },
    async admin(sql) {
      const admin = await mysql.createConnection({
        host: '127.0.0.1',
        port: proxy.adminPort,
        user: 'admin',
        password: 'admin',
      });
      try {
        const [rows] = await admin.query<RowDataPacket[]>(sql);
        return rows;
      } finally {
        admin.destroy();
      }
    },
  };
}

/** Ends all lab proxies and clients of a test, clients first. */
export async function closeLabs(): Promise<void> {
  const closers = [...open].reverse();
  open.clear();
  for (const close of closers) await close();
}

/** What a client sees of a failure. */
export async function failureOf(
  work: Promise<unknown>,
): Promise<{ errno: unknown; sqlState: unknown; message: string }> {
  try {
    await work;
  } catch (error) {
    const { errno, sqlState, message } = error as { errno?: unknown; sqlState?: unknown; message: string };
    return { errno, sqlState, message };
  }
  throw new Error('expected a failure');
}

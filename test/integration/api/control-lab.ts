import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import { createProxysqlControl } from '@proxywatch/core/drivers/proxysql/control/create-control';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { createRedisSink } from '@proxywatch/core/drivers/scan/redis-sink';
import { createLocalSecretBox } from '@proxywatch/core/drivers/secrets/local-secret-box';
import type { DatabaseConfig } from '@proxywatch/core/ports/database-config';
import { sql } from 'kysely';
import type { ApiDeps } from '../../../functions/api/shared/api-deps.ts';
import type { MariadbService } from '../../../infra/local/services/mariadb.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { type Lab, startBackend } from '../../support/lab-traffic.ts';
import { openSession } from '../../support/proxysql-session.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** What the modules that speak to proxies need: a DCDB, a Redis, back ends, and the admin credential of lab proxies. */
export interface ControlLab {
  readonly db: Dcdb;
  readonly redis: RedisClient;
  /** The back end of lab proxies; the DCDB is on the same server. */
  readonly backend: MariadbService;
  readonly deps: Partial<ApiDeps>;
  /** Everything that was ever stored in the tables and in Redis, as one text. */
  dump(): Promise<string>;
  stop(): Promise<void>;
}

const CREDENTIALS = new Map([
  ['admin', { user: 'admin', password: 'admin' }],
  ['stats', { user: 'stats', password: 'stats' }],
]);

/** No slice has a cluster here. */
const noDatabases: DatabaseConfig = {
  fetchClusters: async () => ({ value: [], staleSeconds: 0 }),
  fetchCluster: async () => ({ value: undefined, staleSeconds: 0 }),
  fetchInstances: async () => ({ value: undefined, staleSeconds: 0 }),
  fetchChanges: async () => ({ value: { items: [], cursor: '' }, staleSeconds: 0 }),
};

export async function startControlLab(): Promise<ControlLab> {
  const [redisServer, backend]: [Service, MariadbService] = await Promise.all([startRedis(), startBackend()]);
  const db = createDcdb(backend.url);
  await migrateDcdb(db);
  const redis = createRedis(redisServer.url);
  const keyFile = join(temporaryFolder('file'), 'key');
  writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  return {
    db,
    redis,
    backend,
    deps: {
      db,
      redis,
      databases: noDatabases,
      secrets: createLocalSecretBox({ keyFile }),
      controls: new Map([['proxysql', createProxysqlControl()]]),
      credentials: {
        fetchCredential: async (ref) => CREDENTIALS.get(ref) ?? Promise.reject(new Error(`no credential ${ref}`)),
      },
    },
    dump: async () => `${await dumpTables(db)}\n${await dumpRedis(redis)}`,
    async stop() {
      await Promise.all([db.destroy(), redis.close()]);
      await Promise.all([redisServer.stop(), backend.stop()]);
    },
  };
}

export interface Registration {
  readonly namespace?: string;
  readonly managed?: boolean;
  readonly admin?: boolean;
}

/** Registers a lab proxy. @default managed, in the namespace shop, with an admin credential */
export async function register(db: Dcdb, id: string, lab: Lab, registration: Registration = {}): Promise<void> {
  const { namespace = 'shop', managed = true, admin = true } = registration;
  await registerProxies(db, [
    {
      id,
      kind: 'proxysql',
      namespace,
      adminHost: '127.0.0.1',
      adminPort: lab.adminPort,
      adminTls: false,
      trafficHost: '127.0.0.1',
      trafficPort: lab.trafficPort,
      statsCredentialRef: 'stats',
      ...(admin && { adminCredentialRef: 'admin' }),
    },
  ]);
  await db
    .updateTable('proxies')
    .set({ managed: Number(managed) })
    .where('id', '=', id)
    .execute();
}

/** Has Redis know the status of a proxy as the scanner would have it know. */
export async function observe(redis: RedisClient, id: string, lab: Lab, namespace = 'shop'): Promise<void> {
  const session = await openSession(lab.adminPort);
  const { errors: _, ...status } = await session.fetchStatus();
  await session.close();
  const common = { proxy: id, namespace, observedAtMs: Date.now() };
  await createRedisSink(redis, { ttlMs: 60_000 }).write({
    ...common,
    id: `test-${id}`,
    collector: 'status',
    records: [{ ...common, kind: 'status', eventId: 'e'.repeat(32), reachable: true, status }],
  });
}

/** Empties what tests of accounts and variables write. */
export async function forgetAll(db: Dcdb): Promise<void> {
  await db.deleteFrom('accounts').execute();
  await db.deleteFrom('variable_settings').execute();
  await db.deleteFrom('managed_rows').execute();
  await db.deleteFrom('settings').execute();
  await db.deleteFrom('idempotency_keys').execute();
  await db.deleteFrom('audit').execute();
  await db.deleteFrom('proxies').execute();
}

async function dumpTables(db: Dcdb): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = database()`.execute(db);
  const parts = [];
  for (const { name } of tables) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(db);
    parts.push(
      JSON.stringify(rows, (_, value) => (Buffer.isBuffer(value) ? value.toString('latin1') : value)),
      // Buffers say of themselves what they are before a replacer sees them.
      ...rows.flatMap((row) =>
        Object.values(row)
          .filter(Buffer.isBuffer)
          .map((bytes) => bytes.toString('latin1')),
      ),
    );
  }
  return parts.join('\n');
}

async function dumpRedis(redis: RedisClient): Promise<string> {
  const keys = await redis.call('KEYS', ['*']);
  const parts = [];
  for (const key of Array.isArray(keys) ? keys : []) parts.push(String(key), String(await redis.call('GET', [key])));
  return parts.join('\n');
}

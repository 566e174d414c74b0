import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CollectorName } from '@proxywatch/core/domain/scan/collectors';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { publishRegistry } from '@proxywatch/core/drivers/registry/publish-registry';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { monitoringSettingsRoutes } from '../../../functions/api/monitoring/settings/routes.ts';
import type { Collect } from '../../../functions/scanner/collect/collect.ts';
import { parseCollectConfig } from '../../../functions/scanner/collect/config.ts';
import { openCollect } from '../../../functions/scanner/collect/deps.ts';
import type { MariadbService } from '../../../infra/local/services/mariadb.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { createTestApi, type TestApi } from '../../support/api-harness.ts';
import { type GatewayProcess, startGatewayProcess } from '../../support/gateway-process.ts';
import { closeLabs, type Lab, startBackend, startLab } from '../../support/lab-traffic.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { parseExposition } from '../../unit/functions/gateway/exposition/strict-parser.ts';

const ID = 'lab-1';
const CREDENTIALS = { stats: { user: 'stats', password: 'stats' }, admin: { user: 'admin', password: 'admin' } };

let backend: MariadbService;
let redisServer: Service;
let redis: RedisClient;
let db: Dcdb;
let lab: Lab;
let api: TestApi;
let credentials: string;
let revision = 0;

beforeAll(async () => {
  [backend, redisServer] = await Promise.all([startBackend(), startRedis()]);
  [db, redis] = [createDcdb(backend.url), createRedis(redisServer.url)];
  await migrateDcdb(db);
  lab = await startLab(backend.port);
  credentials = join(temporaryFolder('file'), 'credentials.json');
  writeFileSync(credentials, JSON.stringify(CREDENTIALS));
  const address = { adminHost: '127.0.0.1', adminPort: lab.adminPort, adminTls: false };
  await registerProxies(db, [
    {
      id: ID,
      kind: 'proxysql',
      namespace: 'shop',
      ...address,
      statsCredentialRef: 'stats',
      adminCredentialRef: 'admin',
    },
  ]);
  const registry = createRedisRegistry(redis);
  await publishRegistry(db, registry);
  api = createTestApi(monitoringSettingsRoutes, { db, registry });
});
afterAll(async () => {
  await closeLabs();
  await Promise.all([db?.destroy(), redis?.close()]);
  await Promise.all([redisServer?.stop(), backend?.stop()]);
});

async function decide(settings: object): Promise<void> {
  const headers = { 'if-match': `"${revision}"` };
  const answer = await api.call('PUT', `/v1/monitoring/settings/proxies/${ID}`, { body: settings, headers });
  expect(answer).toMatchObject({ status: 200 });
  expect(answer.headers.warning).toBeUndefined();
  revision = answer.body.revision;
}

describe('a gateway that runs', () => {
  let gateway: GatewayProcess;
  let client: Awaited<ReturnType<Lab['client']>>;
  /** Whatever may come back comes back when it is executed again. */
  const named = async () => {
    for (const sql of ['SELECT 1', 'SELECT sku FROM stock', 'SELECT n, sku FROM stock']) await client.query(sql);
    // As Prometheus does: what only people have seen may not leave.
    const headers = { 'x-prometheus-scrape-timeout-seconds': '10' };
    const response = await fetch(`${gateway.url}/metrics?proxy=${ID}`, { headers });
    const { samples } = parseExposition(await response.text(), 'text');
    const executions = samples.filter(({ name }) => name === 'dbproxy_sql_executions_total');
    return executions.map(({ labels }) => labels.digest).filter((digest) => digest !== '__other__');
  };

  beforeAll(async () => {
    client = await lab.client();
    gateway = await startGatewayProcess({
      REDIS_URL: redisServer.url,
      PROXY_CREDENTIALS_FILE: credentials,
      REGISTRY_POLL_MS: '100',
      COLLECT_SHARE_MS: '0',
      GATEWAY_LEASE_MS: '2000',
      DIGEST_TOP_N: '50',
    });
  });
  afterAll(async () => {
    gateway?.kill('SIGTERM');
    await gateway?.exited;
  });

  test('names fewer digests, others, and all of them again, as the settings of a proxy say', async () => {
    const isNamed = (expected: (count: number) => boolean) => async () =>
      expected((await named().catch(() => [])).length);
    await until(
      'its digests are named',
      isNamed((count) => count >= 3),
      30_000,
    );
    const [first = ''] = await named();
    await decide({ digestTopN: 1 });
    await until(
      'one is named',
      isNamed((count) => count === 1),
      30_000,
    );
    await decide({ include: { digests: [first] } });
    await until('it is the one that is included', async () => (await named()).join() === first, 30_000);
    await decide({ exclude: { schemas: ['*'] } });
    await until(
      'none is named',
      isNamed((count) => count === 0),
      30_000,
    );
    const shown: unknown = await (await fetch(`${gateway.url}/debug/workers`)).json();
    expect(shown).toMatchObject({ workers: [{ proxy: ID, monitoring: { exclude: { schemas: ['*'] } } }] });
    // The same worker all the time: nothing was let go of for it.
    expect(gateway.output()).not.toMatch(/lease/i);
  });
});

describe('a scanner that runs', () => {
  let collect: Collect;
  beforeAll(() => {
    const config = parseCollectConfig({
      REDIS_URL: redisServer.url,
      DCDB_URL: backend.url,
      PROXY_CREDENTIALS_FILE: credentials,
      SCAN_ROUTES: JSON.stringify({ slowSql: ['dcdb'], slowTransactions: ['dcdb'], keyLogs: ['dcdb'] }),
    });
    collect = openCollect(
      config,
      createJsonLog(() => undefined),
    );
  });
  afterAll(() => collect?.close());

  /** One run of it for the proxy as the registry has it now. */
  async function scan(...collectors: readonly CollectorName[]): Promise<void> {
    const { proxies } = await createRedisRegistry(redis).fetchProxies();
    const request = {
      version: 1,
      tickMs: Date.now(),
      windowMs: 0,
      proxies: proxies.map((proxy) => ({ proxy, collectors })),
    } as const;
    const report = await collect.collect(request, new AbortController().signal, Date.now() + 60_000);
    expect(report.proxies).toMatchObject([{ outcome: 'collected', pending: 0 }]);
  }
  const statistics = () => db.selectFrom('sql_stats').innerJoin('sql_series', 'sql_series.id', 'sql_stats.series_id');

  test('gives digests rows of their own as the settings of a proxy say', async () => {
    const run = async () => {
      await (await lab.client()).query('SELECT sku FROM stock');
      await db.deleteFrom('sql_stats').execute();
      await scan('sqlStats');
      const rows = await statistics().select('sql_series.digest').execute();
      return rows.map(({ digest }) => digest !== '' && digest !== null);
    };
    await decide({});
    await run();
    expect(await run()).toContain(true);
    await decide({ exclude: { users: ['app_*'] } });
    expect(await run()).toEqual([false]);
    await decide({ collectors: { sqlStats: { routes: [] } } });
    expect(await run()).toEqual([]);
  });

  test('tells when a proxy runs another configuration than it was given, and when that is over', async () => {
    const variable = 'mysql-long_query_time';
    const change = async (value: number) => {
      await lab.admin(`SET ${variable}=${value}`);
      await lab.admin('LOAD MYSQL VARIABLES TO RUNTIME');
    };
    const events = async () => {
      const rows = await db.selectFrom('key_logs').select(['event', 'detail']).orderBy('observed_at').execute();
      return rows.map(({ event }) => event).filter((event) => event.startsWith('drift'));
    };
    await change(4_000);
    const [row] = await lab.admin("SELECT checksum FROM runtime_checksums_values WHERE name='mysql_variables'");
    const applied = { proxy_id: ID, module: 'mysql_variables', checksum: String(row?.checksum), operation_id: 'o' };
    await db.insertInto('applied_checksums').values(applied).execute();
    await publishRegistry(db, createRedisRegistry(redis));
    await scan('keyLogs');
    await change(5_000);
    await scan('keyLogs');
    expect(await events()).toEqual([]);
    await scan('keyLogs');
    expect(await events()).toEqual(['drift-begin']);
    await change(4_000);
    await scan('keyLogs');
    expect(await events()).toEqual(['drift-begin', 'drift-end']);
  });
});

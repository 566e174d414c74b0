import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { fetchRetention } from '@proxywatch/core/drivers/dcdb/monitoring-settings/retention-repository';
import { fetchRegistryEdition, registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import { DEFAULT_RETENTION } from '@proxywatch/core/drivers/dcdb/scan/retention';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import type { RegistryEdition } from '@proxywatch/core/ports/proxy-registry';
import { monitoringSettingsRoutes } from '../../../functions/api/monitoring/settings/routes.ts';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { createTestApi, type TestApi } from '../../support/api-harness.ts';

const SETTINGS = '/v1/monitoring/settings';
const SHOP = { roles: { shop: 'operator' } } as const;

let server: MariadbService;
let db: Dcdb;
let published: RegistryEdition[];
let isAway: boolean;
let api: TestApi;

beforeAll(async () => {
  server = await startMariadb();
  db = createDcdb(server.url);
  await migrateDcdb(db);
  const address = { kind: 'proxysql', adminHost: '127.0.0.1', adminTls: false, statsCredentialRef: 'stats' };
  await registerProxies(db, [
    { id: 'lab-1', namespace: 'shop', adminPort: 1, ...address },
    { id: 'lab-2', namespace: 'shop', adminPort: 2, ...address },
    { id: 'lab-3', namespace: 'reporting', adminPort: 3, ...address },
  ]);
});
afterAll(async () => {
  await db?.destroy();
  await server?.stop();
});
beforeEach(async () => {
  await db.deleteFrom('monitoring_settings').execute();
  await db.deleteFrom('applied_checksums').execute();
  await db.deleteFrom('audit').execute();
  published = [];
  isAway = false;
  const registry = {
    async publish(edition: RegistryEdition) {
      if (isAway) throw new Error('redis at 10.0.0.1 is away');
      published.push(edition);
      return 'published' as const;
    },
  };
  api = createTestApi(monitoringSettingsRoutes, { db, registry });
});

type Options = NonNullable<Parameters<TestApi['call']>[2]>;
const put = (where: string, body: unknown, revision = 0, options: Options = {}) =>
  api.call('PUT', `${SETTINGS}/${where}`, { body, headers: { 'if-match': `"${revision}"` }, ...options });
const publishedOf = (id: string) => published.at(-1)?.proxies.find((proxy) => proxy.id === id);

describe('settings of monitoring', () => {
  test('are there before anybody decided anything', async () => {
    expect(await api.call('GET', `${SETTINGS}/fleet`)).toMatchObject({
      status: 200,
      headers: { etag: '"0"' },
      body: { scope: 'fleet', name: null, settings: {}, revision: 0, updatedBy: null, updatedAt: null },
    });
    expect((await api.call('GET', SETTINGS)).body).toEqual({ items: [], nextCursor: null });
  });

  test('are decided per fleet, namespace and proxy, and reach the registry as what holds for each proxy', async () => {
    await put('fleet', { slowSqlMs: 100, digestTopN: 50 });
    await put('namespaces/shop', { slowSqlMs: 200, collectors: { status: { enabled: false } } });
    const answer = await put('proxies/lab-1', { slowSqlMs: 300 });
    expect(answer).toMatchObject({ status: 200, headers: { etag: '"1"' }, body: { scope: 'proxy', name: 'lab-1' } });
    expect(publishedOf('lab-1')?.monitoring).toEqual({
      slowSqlMs: 300,
      digestTopN: 50,
      collectors: { status: { enabled: false } },
    });
    expect(publishedOf('lab-2')?.monitoring).toMatchObject({ slowSqlMs: 200 });
    expect(publishedOf('lab-3')?.monitoring).toEqual({ slowSqlMs: 100, digestTopN: 50 });
    const effective = await api.call('GET', `${SETTINGS}/effective?proxyId=lab-1`);
    expect(effective.body).toEqual({
      proxyId: 'lab-1',
      namespace: 'shop',
      settings: { slowSqlMs: 300, digestTopN: 50, collectors: { status: { enabled: false } } },
      sources: { '/slowSqlMs': 'proxy', '/digestTopN': 'fleet', '/collectors/status/enabled': 'namespace' },
    });
  });

  test('are a newer edition of the registry with each change', async () => {
    await put('fleet', { slowSqlMs: 100 });
    await put('fleet', { slowSqlMs: 200 }, 1);
    const [first, second] = published.map(({ revision }) => revision);
    expect(second).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
  });

  test('are changed by who knows them, and never forget which revision they are at', async () => {
    expect((await api.call('PUT', `${SETTINGS}/fleet`, { body: {} })).status).toBe(428);
    expect((await put('fleet', { slowSqlMs: 1 })).body.revision).toBe(1);
    expect((await put('fleet', { slowSqlMs: 2 })).status).toBe(412);
    expect((await put('fleet', { digestTopN: 2 }, 1)).body).toMatchObject({ revision: 2, settings: { digestTopN: 2 } });
    const gone = await api.call('DELETE', `${SETTINGS}/fleet`, { headers: { 'if-match': '"2"' } });
    expect(gone.status).toBe(204);
    expect(publishedOf('lab-1')?.monitoring).toBeUndefined();
    expect((await api.call('GET', `${SETTINGS}/fleet`)).body).toMatchObject({ settings: {}, revision: 3 });
    expect((await put('fleet', { slowSqlMs: 1 })).status).toBe(412);
    const actions = await db.selectFrom('audit').select(['action', 'resource_id']).orderBy('id').execute();
    expect(actions.map(({ action }) => action)).toEqual(['update', 'update', 'delete']);
  });

  test('that are only tried out change nothing', async () => {
    const headers = { 'if-match': '"0"' };
    const answer = await api.call('PUT', `${SETTINGS}/fleet?dryRun=true`, { body: { slowSqlMs: 1 }, headers });
    expect(answer).toMatchObject({ status: 200, body: { settings: { slowSqlMs: 1 } } });
    expect(published).toEqual([]);
    expect((await api.call('GET', `${SETTINGS}/fleet`)).body.revision).toBe(0);
  });

  test('are listed for those who may see them', async () => {
    await put('fleet', { slowSqlMs: 1 });
    await put('namespaces/shop', { slowSqlMs: 1 });
    await put('proxies/lab-1', { slowSqlMs: 1 });
    await put('proxies/lab-3', { slowSqlMs: 1 });
    await put('proxies/lab-2', {});
    const listed = async (query: string, options: Options = {}) =>
      (await api.call('GET', `${SETTINGS}${query}`, options)).body.items.map(
        ({ scope, name }: { scope: string; name: string }) => [scope, name],
      );
    expect(await listed('')).toEqual([
      ['fleet', null],
      ['proxy', 'lab-1'],
      ['proxy', 'lab-3'],
      ['namespace', 'shop'],
    ]);
    expect(await listed('', { as: SHOP })).toEqual([
      ['proxy', 'lab-1'],
      ['namespace', 'shop'],
    ]);
    expect(await listed('?filter[namespace]=reporting')).toEqual([['proxy', 'lab-3']]);
    expect(await listed('?filter[scope]=proxy&sort=-name&limit=1')).toEqual([['proxy', 'lab-3']]);
  });

  test('are decided by those who may', async () => {
    const status = async (where: string, as: Options['as'], body: unknown = { slowSqlMs: 1 }) =>
      (await put(where, body, 0, { as: as ?? 'admin' })).status;
    expect(await status('fleet', SHOP)).toBe(403);
    expect(await status('fleet', 'operator')).toBe(403);
    expect(await status('namespaces/shop', { roles: { shop: 'viewer' } })).toBe(403);
    expect(await status('namespaces/reporting', SHOP)).toBe(404);
    expect(await status('proxies/lab-3', SHOP)).toBe(404);
    expect(await status('proxies/nowhere', 'admin')).toBe(404);
    expect(await status('namespaces/shop', SHOP, { showLiterals: true })).toBe(403);
    expect(await status('namespaces/shop', { roles: { shop: 'admin' } }, { showLiterals: true })).toBe(200);
    expect(await status('proxies/lab-1', SHOP)).toBe(200);
    expect((await api.call('GET', `${SETTINGS}/effective?proxyId=lab-3`, { as: SHOP })).status).toBe(404);
    expect((await api.call('GET', `${SETTINGS}/fleet`, { as: SHOP })).status).toBe(200);
  });

  test.each([
    ['/slowSqlMs', { slowSqlMs: 0 }],
    ['/slowTransactionMs', { slowTransactionMs: 10 }],
    ['/collectors/everything', { collectors: { everything: { enabled: false } } }],
    ['/collectors/slowSql/timeoutMs', { collectors: { slowSql: { timeoutMs: 1_000 } } }],
    ['/collectors/status/routes/0', { collectors: { status: { routes: ['dcdb'] } } }],
    ['/collectors/keyLogs/routes', { collectors: { keyLogs: { routes: ['dcdb', 'dcdb'] } } }],
    ['/include/users/0', { include: { users: [''] } }],
    ['/include/hosts', { include: { hosts: ['a'] } }],
    ['/exclude/digests', { exclude: { digests: Array.from({ length: 21 }, () => 'x') } }],
    ['/interval', { interval: 5 }],
    ['/retention', { retention: { minuteDays: 40 } }],
  ])('are refused at %s', async (pointer, body) => {
    const { status, body: problem } = await put('fleet', body);
    expect([status, problem.errors?.[0]?.pointer]).toEqual([400, pointer]);
  });

  test('of a proxy have no retention: it is of tables that all share', async () => {
    expect((await put('proxies/lab-1', { retention: { hourDays: 30 } })).status).toBe(400);
    expect(await fetchRetention(db)).toEqual(DEFAULT_RETENTION);
    await put('fleet', { retention: { hourDays: 30, slowDays: 7 } });
    expect(await fetchRetention(db)).toEqual({ ...DEFAULT_RETENTION, hourDays: 30, slowDays: 7 });
    expect(publishedOf('lab-1')?.monitoring).toBeUndefined();
  });

  test('stand when Redis is away, and reach it with the next publication', async () => {
    isAway = true;
    const answer = await put('fleet', { slowSqlMs: 1 });
    expect(answer).toMatchObject({
      status: 200,
      headers: { warning: expect.stringMatching(/^199 proxywatch ".*later/) },
    });
    expect(JSON.stringify(answer)).not.toContain('10.0.0.1');
    expect((await fetchRegistryEdition(db)).proxies[0]?.monitoring).toEqual({ slowSqlMs: 1 });
  });

  test('that are damaged in the DCDB leave the others, and all proxies, alone', async () => {
    const settings = JSON.stringify({ slowSqlMs: 'x', digestTopN: 5, retention: { minuteDays: 500 }, newer: {} });
    await db
      .insertInto('monitoring_settings')
      .values({ scope: 'fleet', scope_name: '', settings, updated_by: 'x' })
      .execute();
    const { proxies } = await fetchRegistryEdition(db);
    expect(proxies.map(({ monitoring }) => monitoring)).toEqual(proxies.map(() => ({ digestTopN: 5 })));
    expect(await fetchRetention(db)).toEqual(DEFAULT_RETENTION);
  });
});

describe('applied checksums', () => {
  const row = (proxyId: string, module: string) => ({
    proxy_id: proxyId,
    module,
    checksum: `0x${module}`,
    operation_id: 'ffffffff-0000-0000-0000-000000000000',
  });

  test('are published with their proxy, but not while somebody changes it', async () => {
    const rows = [row('lab-1', 'mysql_users'), row('lab-1', 'mysql_servers'), row('lab-2', 'mysql_users')];
    await db.insertInto('applied_checksums').values(rows).execute();
    const published = async () =>
      (await fetchRegistryEdition(db)).proxies.map(({ id, appliedChecksums }) => [id, appliedChecksums]);
    const ofLab1 = { mysql_servers: '0xmysql_servers', mysql_users: '0xmysql_users' };
    const ofLab2 = { mysql_users: '0xmysql_users' };
    expect(await published()).toEqual([
      ['lab-1', ofLab1],
      ['lab-2', ofLab2],
      ['lab-3', undefined],
    ]);
    await db
      .insertInto('proxy_locks')
      .values({ proxy_id: 'lab-1', operation_id: rows[0]?.operation_id ?? '' })
      .execute();
    expect(await published()).toEqual([
      ['lab-1', undefined],
      ['lab-2', ofLab2],
      ['lab-3', undefined],
    ]);
    await db.deleteFrom('proxy_locks').execute();
  });
});

describe('the registry in Redis', () => {
  test('brings settings and checksums to its readers, and leaves out what they do not understand', async () => {
    const service = await startRedis();
    const redis = createRedis(service.url);
    try {
      await put('fleet', { slowSqlMs: 5, exclude: { users: ['*"\u00e9'] } });
      await db
        .insertInto('applied_checksums')
        .values({ proxy_id: 'lab-1', module: 'm', checksum: 'c', operation_id: 'x' })
        .execute();
      const registry = createRedisRegistry(redis);
      await registry.publish(await fetchRegistryEdition(db));
      const { proxies } = await registry.fetchProxies();
      expect(proxies[0]).toMatchObject({
        monitoring: { slowSqlMs: 5, exclude: { users: ['*"\u00e9'] } },
        appliedChecksums: { m: 'c' },
      });
      const newer = { ...proxies[0], monitoring: { slowSqlMs: { p99: 5 }, digestTopN: 3 }, appliedChecksums: [1] };
      await registry.publish({ proxies: [newer as never], source: 'x', revision: 99 });
      const [read] = (await registry.fetchProxies()).proxies;
      expect([read?.id, read?.monitoring, read?.appliedChecksums]).toEqual(['lab-1', { digestTopN: 3 }, undefined]);
    } finally {
      await redis.close();
      await service.stop();
    }
  });
});

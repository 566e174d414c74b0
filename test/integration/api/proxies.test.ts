import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { createRedisFleetObserver } from '@proxywatch/core/drivers/membership/redis-fleet-observer';
import { createProxysqlControl } from '@proxywatch/core/drivers/proxysql/control/create-control';
import { createProxysqlDriver } from '@proxywatch/core/drivers/proxysql/driver';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { createRedisSink } from '@proxywatch/core/drivers/scan/redis-sink';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import type { Skyeye } from '@proxywatch/core/ports/skyeye';
import { proxiesRoutes } from '../../../functions/api/proxies/routes.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { createTestApi, type TestApi, type TestCaller } from '../../support/api-harness.ts';
import { closeLabs, type Lab, startLab } from '../../support/lab-traffic.ts';
import { type MigratedDcdb, startMigratedDcdb } from '../../support/migrated-dcdb.ts';
import { startRawServer } from '../../support/raw-server.ts';

let dcdb: MigratedDcdb;
let db: Dcdb;
let redisServer: Service;
let redis: RedisClient;
let api: TestApi;

const CREDENTIALS: Readonly<Record<string, { readonly user: string; readonly password: string }>> = {
  stats: { user: 'stats', password: 'stats' },
  admin: { user: 'admin', password: 'admin' },
  wrong: { user: 'stats', password: 'nope' },
};
const credentials: CredentialSource = {
  async fetchCredential(ref) {
    const credential = CREDENTIALS[ref];
    if (credential === undefined) throw new ProxywatchError('CREDENTIAL_MISSING', `no credential ${ref}`);
    return credential;
  },
};
const away = async () => {
  throw new ProxywatchError('SERVICE_UNREACHABLE', 'nobody is there', { service: 'skyeye' });
};
const skyeye: Skyeye = { query: away, queryRange: away, fetchAlerts: away };

beforeAll(async () => {
  [dcdb, redisServer] = await Promise.all([startMigratedDcdb(), startRedis()]);
  db = dcdb.db;
  redis = createRedis(redisServer.url);
  api = createTestApi(proxiesRoutes, deps());
});
afterAll(async () => {
  await Promise.all([dcdb?.stop(), redis?.close()]);
  await redisServer?.stop();
});
beforeEach(async () => {
  for (const table of ['audit', 'proxy_locks', 'variable_settings', 'proxies', 'namespaces'] as const)
    await db.deleteFrom(table).execute();
  await db
    .insertInto('namespaces')
    .values([
      { name: 'shop', tags: '[]' },
      { name: 'crm', tags: '[]' },
    ])
    .execute();
  await redis.call('FLUSHALL', []);
});
afterEach(closeLabs);

function deps(client = redis) {
  const [driver, control] = [createProxysqlDriver(), createProxysqlControl()];
  return {
    db,
    redis: client,
    registry: createRedisRegistry(client),
    fleet: createRedisFleetObserver(client),
    credentials,
    skyeye,
    drivers: new Map([[driver.kind, driver]]),
    controls: new Map([[control.kind, control]]),
  };
}

const SHOP_OPERATOR: TestCaller = { name: 'olga', roles: { shop: 'operator' } };

function bodyOf(port: number, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    id: 'shop-1',
    namespace: 'shop',
    adminHost: '127.0.0.1',
    adminPort: port,
    statsCredentialRef: 'stats',
    ...changes,
  };
}

/** Registered unseen. */
async function register(changes: Readonly<Record<string, unknown>> = {}, port = 6032) {
  const answer = await api.call('POST', '/v1/proxies?probe=false', { body: bodyOf(port, changes) });
  expect(answer).toMatchObject({ status: 201 });
  return answer.body;
}

function change(body: unknown, { revision = 1, query = '', as = 'admin' as TestCaller, id = 'shop-1' } = {}) {
  return api.call('PATCH', `/v1/proxies/${id}${query}`, { body, as, headers: { 'if-match': `"${revision}"` } });
}

const published = async () => (await createRedisRegistry(redis).fetchProxies()).proxies;

describe('registering a proxy', () => {
  test('tries it out, tells what was found, and publishes it', async () => {
    const lab = await startLab(dcdb.server.port);
    const body = bodyOf(lab.adminPort, { adminCredentialRef: 'admin', labels: { tier: '1' }, zone: 'a' });
    const answer = await api.call('POST', '/v1/proxies', { body, as: 'operator' });
    expect(answer).toMatchObject({
      status: 201,
      headers: { location: '/v1/proxies/shop-1', etag: '"1"' },
      body: {
        kind: 'proxysql',
        state: 'online',
        managed: false,
        trafficHost: null,
        labels: { tier: '1' },
        probe: {
          version: expect.stringMatching(/^\d/),
          capabilities: { digests: true },
          mayBeChanged: true,
          clusterPeers: 0,
        },
      },
    });
    expect(await published()).toMatchObject([{ id: 'shop-1', adminPort: lab.adminPort }]);
    expect(JSON.stringify(await db.selectFrom('audit').selectAll().execute())).toContain('"create"');
  });

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['a credential that is not there', { statsCredentialRef: 'nosuch' }, '/statsCredentialRef'],
    ['a credential that is wrong', { statsCredentialRef: 'wrong' }, '/statsCredentialRef'],
    ['an admin credential that is not there', { adminCredentialRef: 'nosuch' }, '/adminCredentialRef'],
    ['an admin credential that may change nothing', { adminCredentialRef: 'stats' }, '/adminCredentialRef'],
    ['a host that is not known', { adminHost: 'nosuch.invalid' }, '/adminHost'],
    ['TLS that the proxy does not offer', { adminTls: true }, '/adminTls'],
  ])('names the field that is to blame for %s', async (_, changes, pointer) => {
    const lab = await startLab(dcdb.server.port);
    const answer = await api.call('POST', '/v1/proxies', { body: bodyOf(lab.adminPort, changes) });
    expect(answer).toMatchObject({ status: 422, body: { code: 'UNPROCESSABLE', errors: [{ pointer }] } });
    expect(await db.selectFrom('proxies').select('id').execute()).toEqual([]);
  });

  test('names the port when nobody listens there, or something else does', async () => {
    const refused = await api.call('POST', '/v1/proxies', { body: bodyOf(await pickFreePort()) });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/adminPort' }] } });
    const chatterbox = await startRawServer((socket) => socket.end('220 mail.example ready\r\n'));
    const other = await api.call('POST', '/v1/proxies', { body: bodyOf(chatterbox.port) });
    await chatterbox.close();
    expect(other).toMatchObject({ status: 422, body: { errors: [{ pointer: '/adminPort' }] } });
    expect(other.text).not.toContain('mail.example');
  });

  test('unseen stores it as registered', async () => {
    expect(await register({ trafficHost: 'db.shop', trafficPort: 6033 })).toMatchObject({
      state: 'registered',
      trafficHost: 'db.shop',
      trafficPort: 6033,
      probe: null,
    });
    expect(await published()).toMatchObject([{ id: 'shop-1', trafficHost: 'db.shop' }]);
  });

  test('is refused for an id or an admin address that is taken', async () => {
    await register();
    const again = (changes: Readonly<Record<string, unknown>>, port: number) =>
      api.call('POST', '/v1/proxies?probe=false', { body: bodyOf(port, changes) });
    expect(await again({}, 7032)).toMatchObject({ status: 409 });
    expect(await again({ id: 'shop-2' }, 6032)).toMatchObject({
      status: 409,
      body: { errors: [{ pointer: '/adminHost', message: 'is the address of shop-1 already' }] },
    });
  });

  test('of one address by two at once succeeds for one', async () => {
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((id) => api.call('POST', '/v1/proxies?probe=false', { body: bodyOf(6032, { id }) })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
  });

  test.each<[string, Readonly<Record<string, unknown>>, number, string]>([
    ['an unknown field', { state: 'online' }, 400, '/state'],
    ['a port that is none', { adminPort: 0 }, 400, '/adminPort'],
    ['a label with a quote', { labels: { 'a"b': '1' } }, 400, '/labels/a"b'],
    ['a kind without a driver', { kind: 'maxscale' }, 422, '/kind'],
    ['a namespace that is not there', { namespace: 'nosuch' }, 422, '/namespace'],
    ['one that is managed without a credential', { managed: true }, 422, '/adminCredentialRef'],
  ])('refuses %s', async (_, changes, status, pointer) => {
    const answer = await api.call('POST', '/v1/proxies?probe=false', { body: bodyOf(6032, changes) });
    expect(answer).toMatchObject({ status, body: { errors: [{ pointer }] } });
  });

  test('takes the role operator in the namespace, and does not tell which there are', async () => {
    const post = (as: TestCaller) => api.call('POST', '/v1/proxies?probe=false', { body: bodyOf(6032), as });
    expect(await post('viewer')).toMatchObject({ status: 403 });
    expect(await post({ roles: { shop: 'viewer', crm: 'operator' } })).toMatchObject({ status: 403 });
    expect(await post({ roles: { crm: 'operator' } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/namespace' }] },
    });
  });

  test('as a dry run tries out and checks, and leaves nothing behind', async () => {
    const lab = await startLab(dcdb.server.port);
    const answer = await api.call('POST', '/v1/proxies?dryRun=true', { body: bodyOf(lab.adminPort) });
    expect(answer).toMatchObject({ status: 200, body: { probe: { capabilities: { digests: true } } } });
    expect(await db.selectFrom('proxies').select('id').execute()).toEqual([]);
    await expect(published()).rejects.toMatchObject({ code: 'REGISTRY_MISSING' });
  });

  test('stands when the registry cannot be published, and says so', async () => {
    const gone = createRedis(`redis://127.0.0.1:${await pickFreePort()}`, {
      connectTimeoutMs: 200,
      commandTimeoutMs: 200,
    });
    const lonely = createTestApi(proxiesRoutes, deps(gone));
    const answer = await lonely.call('POST', '/v1/proxies?probe=false', { body: bodyOf(6032) });
    expect(answer.status).toBe(201);
    expect(answer.headers.warning).toContain('the registry could not be published');
    expect(lonely.log).toContainEqual(expect.objectContaining({ event: 'registry not published' }));
    const read = await lonely.call('GET', '/v1/proxies/shop-1');
    expect(read).toMatchObject({ status: 200, body: { id: 'shop-1', runtime: null } });
    expect(read.headers.warning).toContain('redis is unavailable');
    expect(await lonely.call('GET', '/v1/proxies?include=runtime')).toMatchObject({
      status: 503,
      body: { detail: 'redis is unavailable' },
    });
    await gone.close();
  });
});

describe('the list', () => {
  beforeEach(async () => {
    await register({ id: 'a', region: 'eu', zone: 'eu-a', labels: { team: 'core', tier: '1' } }, 1);
    await register({ id: 'b', region: 'eu', zone: 'eu-b', labels: { team: 'core' }, namespace: 'crm' }, 2);
    await register({ id: 'c', region: 'us', adminCredentialRef: 'admin', managed: true }, 3);
    await api.call('POST', '/v1/proxies/c/actions/pause');
  });
  const ids = async (query: string, as: TestCaller = 'viewer') => {
    const { status, body } = await api.call('GET', `/v1/proxies?${query}`, { as });
    return status === 200 ? body.items.map(({ id }: { id: string }) => id) : status;
  };

  test.each([
    ['', ['a', 'b', 'c']],
    ['sort=-id', ['c', 'b', 'a']],
    ['filter[namespace]=crm', ['b']],
    ['filter[state]=paused', ['c']],
    ['filter[state][in]=registered,online', ['a', 'b']],
    ['filter[region]=eu&filter[zone]=eu-b', ['b']],
    ['filter[kind]=maxscale', []],
    ['filter[managed]=true', ['c']],
    ['filter[adminPort]=2', ['b']],
    ['labels=team%3Dcore', ['a', 'b']],
    ['labels=team%3Dcore,tier%3D1', ['a']],
    ['labels=team%3Dcore,tier%3D2', []],
    ['labels=team', 400],
    ['labels=te%22am%3D1', 400],
    ['filter[state]=broken', 400],
    ['include=everything', 400],
  ])('filtered by %s has %j', async (query, expected) => {
    expect(await ids(query)).toEqual(expected);
  });

  test('has those of the namespaces that the caller may see', async () => {
    expect(await ids('', SHOP_OPERATOR)).toEqual(['a', 'c']);
    expect(await ids('filter[namespace]=crm', SHOP_OPERATOR)).toEqual([]);
  });

  test('has pages, whose cursors are good for the same filters only', async () => {
    const first = await api.call('GET', '/v1/proxies?limit=2&labels=team%3Dcore');
    expect(first.body.nextCursor).toBeNull();
    const { body } = await api.call('GET', '/v1/proxies?limit=2');
    const cursor = encodeURIComponent(body.nextCursor);
    expect(await ids(`limit=2&cursor=${cursor}`)).toEqual(['c']);
    expect(await ids(`limit=2&labels=team%3Dcore&cursor=${cursor}`)).toBe(400);
  });

  test('shows what runs when that is asked for', async () => {
    await noteStatus('a', true);
    const { body } = await api.call('GET', '/v1/proxies?include=runtime');
    expect(body.items).toMatchObject([
      { id: 'a', state: 'online', runtime: { reachable: true, version: '2.7.2', clientConnections: 7 } },
      { id: 'b', state: 'registered', runtime: { reachable: null, version: null, gateway: null, digests: null } },
      { id: 'c', state: 'paused' },
    ]);
    expect((await api.call('GET', '/v1/proxies')).body.items[0]).not.toHaveProperty('runtime');
  });
});

async function noteStatus(proxy: string, reachable: boolean) {
  const observedAtMs = Date.UTC(2026, 10, 3, 12);
  const status = {
    version: '2.7.2',
    uptimeS: 100,
    proxyNowS: 1_700_000_000,
    clientConnections: 7,
    activeTransactions: 1,
    slowQueries: 0,
    backends: [
      { connectionsUsed: 2, connectionsFree: 3 },
      { connectionsUsed: 1, connectionsFree: 0 },
    ],
    commands: [],
    users: [],
  };
  const checksums = [{ name: 'mysql_users', version: 3, epochS: 1_700_000_000, checksum: '0xAB' }];
  const record = { kind: 'status', eventId: 'e', proxy, namespace: 'shop', observedAtMs, reachable };
  const seen = reachable
    ? { ...record, status, state: { uptimeS: 100, proxyNowS: 1_700_000_000, checksums } }
    : { ...record, problem: 'PROXY_TIMEOUT: proxy shop-1: 10.0.0.7 did not answer' };
  const batch = { id: 'i', proxy, namespace: 'shop', collector: 'status', observedAtMs, records: [seen] };
  await createRedisSink(redis, { ttlMs: 60_000 }).write(batch as never);
}

describe('one proxy', () => {
  test('is shown with what scanner and gateways know', async () => {
    await register();
    await noteStatus('shop-1', true);
    await redis.call('HSET', ['{pw:shop-1}:meta', 'counts', '12,5,1', 'readAtUs', '1700000000000000']);
    await redis.call('HSET', [
      '{pw:shop-1}:lease',
      'owner',
      'gw-1',
      'advertise',
      '10.0.0.9:9464',
      'untilMs',
      '99999999999999',
    ]);
    const answer = await api.call('GET', '/v1/proxies/shop-1', { as: SHOP_OPERATOR });
    expect(answer).toMatchObject({
      status: 200,
      headers: { etag: '"1"' },
      body: {
        state: 'online',
        runtime: {
          lastSeenAt: '2026-11-03T12:00:00.000Z',
          uptimeSeconds: 100,
          backendConnections: { used: 3, free: 3 },
          checksums: [{ module: 'mysql_users', version: 3, checksum: '0xAB', changedAt: '2023-11-14T22:13:20.000Z' }],
          gateway: { id: 'gw-1', exposedSeries: null },
          digests: { rows: 12, series: 5, errors: 1, readAt: '2023-11-14T22:13:20.000Z' },
          collectSeconds: null,
        },
      },
    });
  });

  test('that the scanner cannot reach is unreachable, with the code of the reason alone', async () => {
    await register();
    await noteStatus('shop-1', false);
    const { body, text } = await api.call('GET', '/v1/proxies/shop-1');
    expect(body).toMatchObject({ state: 'unreachable', runtime: { reachable: false, problem: 'PROXY_TIMEOUT' } });
    expect(text).not.toContain('10.0.0.7');
  });

  test('of a namespace that the caller may not see is not there', async () => {
    await register({ namespace: 'crm' });
    expect(await api.call('GET', '/v1/proxies/shop-1', { as: SHOP_OPERATOR })).toMatchObject({ status: 404 });
  });
});

describe('changing a proxy', () => {
  test('replaces the fields that are given, and publishes them', async () => {
    await register({ labels: { tier: '1' } });
    const answer = await change({ trafficHost: 'db.shop', trafficPort: 6033, labels: {} });
    expect(answer).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { labels: {}, probe: null } });
    expect(await published()).toMatchObject([{ trafficHost: 'db.shop' }]);
    expect(await change({ trafficHost: null }, { revision: 2 })).toMatchObject({
      body: { trafficHost: null, trafficPort: 6033 },
    });
  });

  test('tries it out when an address or a credential changes', async () => {
    const lab = await startLab(dcdb.server.port);
    await register();
    expect(await change({ adminPort: await pickFreePort() })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/adminPort' }] },
    });
    expect(await change({ adminPort: lab.adminPort, adminCredentialRef: 'admin', managed: true })).toMatchObject({
      status: 200,
      body: { state: 'online', managed: true, probe: { mayBeChanged: true } },
    });
    expect(await change({ adminHost: 'elsewhere' }, { revision: 2, query: '?probe=false' })).toMatchObject({
      status: 200,
    });
  });

  test('cannot take the credential away from one that is managed', async () => {
    await register({ adminCredentialRef: 'admin', managed: true });
    expect(await change({ adminCredentialRef: null })).toMatchObject({ status: 422 });
    expect(await change({ adminCredentialRef: null, managed: false }, { query: '?probe=false' })).toMatchObject({
      status: 200,
    });
  });

  test('moves it to another namespace for who is operator in both', async () => {
    await register();
    expect(await change({ namespace: 'crm' }, { as: SHOP_OPERATOR })).toMatchObject({ status: 422 });
    expect(await change({ namespace: 'crm' }, { as: { roles: { shop: 'operator', crm: 'viewer' } } })).toMatchObject({
      status: 403,
    });
    expect(await change({ namespace: 'nosuch' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/namespace' }] },
    });
    const both: TestCaller = { roles: { shop: 'operator', crm: 'operator' } };
    expect(await change({ namespace: 'crm' }, { as: both })).toMatchObject({ status: 200, body: { namespace: 'crm' } });
    expect(await published()).toMatchObject([{ namespace: 'crm' }]);
  });

  test('needs the revision, a free address, and no operation at work', async () => {
    await register();
    await register({ id: 'shop-2' }, 7032);
    expect(await api.call('PATCH', '/v1/proxies/shop-1', { body: {} })).toMatchObject({ status: 428 });
    expect(await change({ zone: 'a' }, { revision: 9 })).toMatchObject({ status: 412 });
    expect(await change({ adminPort: 7032 }, { query: '?probe=false' })).toMatchObject({ status: 409 });
    await lock('shop-1');
    expect(await change({ adminPort: 8032 }, { query: '?probe=false' })).toMatchObject({ status: 409 });
    expect(await change({ zone: 'a' })).toMatchObject({ status: 200 });
  });
});

async function lock(proxy_id: string) {
  const operation_id = '00000000-0000-4000-8000-000000000001';
  await db.insertInto('proxy_locks').values({ proxy_id, operation_id }).execute();
}

describe('the state', () => {
  const act = (verb: string, id = 'shop-1') => api.call('POST', `/v1/proxies/${id}/actions/${verb}`);

  test('is changed by actions, and paused proxies leave the registry', async () => {
    await register();
    expect(await act('resume')).toMatchObject({ status: 200, body: { state: 'registered', revision: 1 } });
    expect(await act('pause')).toMatchObject({ status: 200, body: { state: 'paused', revision: 2 } });
    expect(await act('pause')).toMatchObject({ status: 200, body: { state: 'paused', revision: 2 } });
    expect(await published()).toEqual([]);
    expect(await act('resume')).toMatchObject({ body: { state: 'registered', revision: 3 } });
    expect(await act('drain')).toMatchObject({ body: { state: 'draining' } });
    expect(await published()).toMatchObject([{ id: 'shop-1' }]);
  });

  test('retired is the end', async () => {
    await register();
    expect(await act('retire')).toMatchObject({ status: 200, body: { state: 'retired' } });
    expect(await published()).toEqual([]);
    expect(await act('resume')).toMatchObject({ status: 409 });
    expect(await change({ zone: 'a' }, { revision: 2 })).toMatchObject({ status: 409 });
    expect(await register({ id: 'shop-2' })).toMatchObject({ id: 'shop-2' });
  });

  test('is kept while an operation works on the proxy', async () => {
    await register();
    await lock('shop-1');
    expect(await act('retire')).toMatchObject({ status: 409 });
    expect(await act('pause')).toMatchObject({ status: 200 });
  });

  test('of being managed is kept too while an operation works on the proxy', async () => {
    await register({ managed: true, adminCredentialRef: 'admin' });
    await lock('shop-1');
    const patch = (body: object) =>
      api.call('PATCH', '/v1/proxies/shop-1?probe=false', { body, headers: { 'if-match': '*' } });
    expect(await patch({ managed: false })).toMatchObject({ status: 409 });
    expect(await patch({ labels: { tier: '1' } })).toMatchObject({ status: 200 });
  });

  test('follows from a trial, unless somebody decided about it', async () => {
    const lab: Lab = await startLab(dcdb.server.port);
    await register({}, lab.adminPort);
    expect(await act('probe')).toMatchObject({
      status: 200,
      body: { state: 'online', probe: { uptimeSeconds: expect.any(Number) }, problems: [] },
    });
    await closeLabs();
    expect(await act('probe')).toMatchObject({
      status: 200,
      body: { state: 'unreachable', probe: null, problems: [{ pointer: '/adminPort' }] },
    });
    await act('drain');
    expect(await act('probe')).toMatchObject({ status: 200, body: { state: 'draining' } });
  });
});

describe('deleting a proxy', () => {
  const remove = (headers = { 'if-match': '*' }) => api.call('DELETE', '/v1/proxies/shop-1', { headers });

  test('takes that it is retired, and that nothing is for it alone', async () => {
    await register();
    expect(await remove()).toMatchObject({ status: 409 });
    await api.call('POST', '/v1/proxies/shop-1/actions/retire');
    expect(await remove({ 'if-match': '"1"' })).toMatchObject({ status: 412 });
    await db
      .insertInto('variable_settings')
      .values({
        id: '00000000-0000-4000-8000-000000000002',
        scope: 'proxy',
        scope_name: 'shop-1',
        kind: 'proxysql',
        name: 'mysql-threads',
        value: '4',
        created_by: 'x',
      })
      .execute();
    expect(await remove()).toMatchObject({ status: 409 });
    await db.deleteFrom('variable_settings').execute();
    expect(await remove({ 'if-match': '"2"' })).toMatchObject({ status: 204 });
    expect(await api.call('GET', '/v1/proxies/shop-1')).toMatchObject({ status: 404 });
    expect(await register()).toMatchObject({ revision: 1 });
  });
});

describe('a comparison', () => {
  test('tells what differs between two proxies, without secrets', async () => {
    const [left, right] = [await startLab(dcdb.server.port), await startLab(dcdb.server.port)];
    await right.admin(
      "INSERT INTO mysql_users (username, password, default_hostgroup) VALUES ('extra', 'plain-secret', 10)",
    );
    await right.admin("UPDATE mysql_users SET max_connections=77, password='other-secret' WHERE username='app_ro'");
    await right.admin('LOAD MYSQL USERS TO RUNTIME');
    await right.admin("SET mysql-max_connections='4321'");
    await right.admin('LOAD MYSQL VARIABLES TO RUNTIME');
    await register({ adminCredentialRef: 'admin' }, left.adminPort);
    await register({ id: 'shop-2', adminCredentialRef: 'admin' }, right.adminPort);
    const answer = await api.call('GET', '/v1/proxies/shop-1/compare?with=shop-2', { as: SHOP_OPERATOR });
    expect(answer).toMatchObject({ status: 200, body: { left: 'shop-1', right: 'shop-2', same: false } });
    const tableOf = (name: string) => answer.body.tables.find(({ table }: { table: string }) => table === name);
    expect(tableOf('rules')).toMatchObject({ leftRows: 3, rightRows: 3, found: 0, differences: [] });
    const users = tableOf('users').differences;
    expect(users.map(({ onlyIn }: { onlyIn: string | null }) => onlyIn).toSorted()).toEqual([null, 'right']);
    const changed = users.find(({ onlyIn }: { onlyIn: string | null }) => onlyIn === null);
    expect(changed.fields).toContainEqual({ field: 'max_connections', left: '2', right: '77' });
    expect(changed.fields).toContainEqual({ field: 'password', left: '***', right: '***' });
    expect(JSON.stringify(tableOf('variables'))).toContain('4321');
    expect(answer.text).not.toMatch(/secret/);
    expect(answer.body.checksums).toContainEqual(expect.objectContaining({ module: 'mysql_users', same: false }));
  });

  test('takes two proxies that can be asked, and may be seen', async () => {
    await register();
    await register({ id: 'crm-1', namespace: 'crm' }, 7032);
    const compare = (query: string, as: TestCaller = 'viewer') =>
      api.call('GET', `/v1/proxies/shop-1/compare${query}`, { as });
    expect(await compare('')).toMatchObject({ status: 400, body: { errors: [{ pointer: '?with' }] } });
    expect(await compare('?with=crm-1')).toMatchObject({ status: 409, body: { code: 'CREDENTIAL_MISSING' } });
    expect(await compare('?with=crm-1', SHOP_OPERATOR)).toMatchObject({ status: 404 });
  });
});

describe('the peers of a proxy', () => {
  test('are told with bodies to register them with', async () => {
    const [one, two, three] = [
      await startLab(dcdb.server.port),
      await startLab(dcdb.server.port),
      await startLab(dcdb.server.port),
    ];
    for (const { adminPort } of [one, two, three])
      await one.admin(
        `INSERT INTO proxysql_servers (hostname, port, weight, comment) VALUES ('127.0.0.1', ${adminPort}, 0, '')`,
      );
    await one.admin('LOAD PROXYSQL SERVERS TO RUNTIME');
    await register({ adminCredentialRef: 'admin', labels: { tier: '1' } }, one.adminPort);
    await register({ id: 'crm-1', namespace: 'crm' }, two.adminPort);
    const { status, body } = await api.call('GET', '/v1/proxies/shop-1/peers', { as: SHOP_OPERATOR });
    expect(status).toBe(200);
    const peerAt = (port: number) => body.peers.find((peer: { port: number }) => peer.port === port);
    expect(body.peers).toHaveLength(2);
    expect(peerAt(two.adminPort)).toMatchObject({ registered: true, id: null, registration: null });
    const { registration } = peerAt(three.adminPort);
    expect(registration).toMatchObject({
      id: `127.0.0.1:${three.adminPort}`,
      namespace: 'shop',
      adminCredentialRef: 'admin',
    });
    const created = await api.call('POST', '/v1/proxies', { body: registration, as: SHOP_OPERATOR });
    expect(created).toMatchObject({ status: 201, body: { state: 'online' } });
  });

  test('cannot be told of one that cannot be reached', async () => {
    await register({}, await pickFreePort());
    expect(await api.call('GET', '/v1/proxies/shop-1/peers')).toMatchObject({
      status: 409,
      body: { code: 'PROXY_UNREACHABLE' },
    });
  });
});

describe('a batch', () => {
  test('does each item by itself and publishes once', async () => {
    await register();
    const before = (await db.selectFrom('registry_state').select('revision').executeTakeFirstOrThrow()).revision;
    const answer = await api.call('POST', '/v1/proxies/actions/batch?probe=false', {
      body: {
        items: [
          { action: 'register', proxy: bodyOf(7032, { id: 'shop-2' }) },
          { action: 'register', proxy: bodyOf(7032, { id: 'shop-3' }) },
          { action: 'update', id: 'shop-2', revision: 7, changes: { zone: 'a' } },
          { action: 'update', id: 'shop-2', changes: { zone: 'a' } },
          { action: 'retire', id: 'shop-1' },
          { action: 'delete', id: 'shop-1' },
          { action: 'delete', id: 'shop-2' },
          { action: 'pause', id: 'nosuch' },
        ],
      },
    });
    expect(answer.body.items.map(({ status }: { status: number }) => status)).toEqual([
      201, 409, 412, 200, 200, 204, 409, 404,
    ]);
    expect(await published()).toMatchObject([{ id: 'shop-2' }]);
    const after = (await db.selectFrom('registry_state').select('revision').executeTakeFirstOrThrow()).revision;
    expect(after - before).toBe(4);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Processlist } from '@proxywatch/core/domain/processlist';
import { NO_LOSSES } from '@proxywatch/core/domain/scan/scan-report';
import { recordScanRun } from '@proxywatch/core/drivers/dcdb/scan/scan-run-repository';
import { createRedisScanFailures } from '@proxywatch/core/drivers/dispatch/redis-scan-failures';
import { createRedisScanRequests } from '@proxywatch/core/drivers/dispatch/redis-scan-requests';
import { createRedisLeaseStore } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createRedisScanReports } from '@proxywatch/core/drivers/scan/redis-scan-reports';
import type { ProxyDriver } from '@proxywatch/core/ports/proxy-driver';
import { sql } from 'kysely';
import { monitoringDataRoutes } from '../../../functions/api/monitoring/data/routes.ts';
import { createTestApi, type TestAnswer, type TestApi, type TestCaller } from '../../support/api-harness.ts';
import { scanRunOf, visitOf } from '../../support/scan-requests.ts';
import {
  checkDocumented,
  driverWith,
  type MonitoringFleet,
  sessionOf,
  startMonitoringFleet,
} from './monitoring-fleet.ts';

const SHOP_VIEWER: TestCaller = { roles: { shop: 'viewer' } };
const SHOP_OPERATOR: TestCaller = { roles: { shop: 'operator' } };

let fleet: MonitoringFleet;
let api: TestApi;

beforeAll(async () => {
  fleet = await startMonitoringFleet(Date.now);
  api = createTestApi(monitoringDataRoutes, fleet.deps);
});
beforeEach(async () => {
  await fleet.redis.call('FLUSHALL', []);
});
afterAll(() => fleet?.stop());

async function call(method: string, path: string, as: TestCaller, body?: unknown, of = api): Promise<TestAnswer> {
  const answer = await of.call(method, `/v1/monitoring/${path}`, { as, body });
  checkDocumented(method, `/v1/monitoring/${path}`, answer);
  return answer;
}

const get = (path: string, as: TestCaller = 'admin') => call('GET', path, as);
const post = (path: string, body: unknown, as: TestCaller = 'admin') => call('POST', path, as, body);

async function audited(action: string): Promise<readonly unknown[]> {
  const { rows } = await sql<{ resource_id: string }>`
    select resource_id from audit where action = ${action} order by id`.execute(fleet.db);
  return rows.map(({ resource_id }) => resource_id);
}

describe('GET /v1/monitoring/status', () => {
  test('has of each proxy how its collectors did, what failed, and what is paused', async () => {
    const nowMs = Date.now();
    const reports = createRedisScanReports(fleet.redis);
    const run = { name: 'sqlStats', endedAtMs: nowMs - 5_000, durationMs: 41, records: 12, ...NO_LOSSES } as const;
    const problem = { code: 'PROXY_TIMEOUT', message: 'too slow' };
    await reports.note('p1', visitOf(nowMs - 5_000, { pending: 2 }), [
      run,
      { ...run, name: 'slowSql', dropped: 3, problem },
    ]);
    await createRedisScanFailures(fleet.redis).noteFailure('p2', { tickMs: nowMs - 60_000, code: 'PROXY_UNREACHABLE' });
    await recordScanRun(fleet.db, { ...scanRunOf(nowMs - 10_000), due: 3 });
    await post('actions/pause', { proxy: 'p3', seconds: 60 });
    await post('actions/pause', { collector: 'keyLogs' });
    const { status, body } = await get('status');
    expect(status).toBe(200);
    expect(body.scanner).toMatchObject({ due: 3, tickAt: new Date(nowMs - 10_000).toISOString() });
    expect(body.scanner.lagMs).toBeGreaterThanOrEqual(10_000);
    expect(body.pausedCollectors).toEqual(['keyLogs']);
    const [p1, p2, p3, p4] = body.items;
    expect(p1).toMatchObject({ proxy: 'p1', namespace: 'shop', paused: null, failure: null, requested: false });
    expect(p1.lastRun).toMatchObject({ outcome: 'collected', pending: 2, at: new Date(nowMs - 5_000).toISOString() });
    const collector = (name: string) => p1.collectors.find((one: { name: string }) => one.name === name);
    expect(collector('sqlStats')).toMatchObject({
      records: 12,
      durationMs: 41,
      dropped: 0,
      problem: null,
      paused: false,
    });
    expect(collector('sqlStats').lagMs).toBeGreaterThanOrEqual(5_000);
    expect(collector('slowSql')).toMatchObject({ dropped: 3, problem, lastSuccessAt: null, lagMs: null });
    expect(collector('keyLogs')).toMatchObject({ paused: true, lastRunAt: null, records: null });
    expect(p2.failure).toMatchObject({ code: 'PROXY_UNREACHABLE', inARow: 1, nextAttemptInMs: 0 });
    expect(p3.paused).toBe('proxy');
    expect(p4).toMatchObject({ proxy: 'p4', namespace: 'reporting', lastRun: null });
  });

  test('shows callers their proxies, filtered and by pages', async () => {
    const idsOf = async (query: string, as: TestCaller) =>
      (await get(`status${query}`, as)).body.items.map(({ proxy }: { proxy: string }) => proxy);
    expect(await idsOf('', SHOP_VIEWER)).toEqual(['p1', 'p2', 'p3']);
    expect(await idsOf('?filter[namespace]=reporting', 'viewer')).toEqual(['p4']);
    const { body } = await get('status?limit=3');
    expect(await idsOf(`?limit=3&cursor=${body.nextCursor}`, 'admin')).toEqual(['p4']);
  });

  test('tells of a Redis that is away', async () => {
    const away = createRedis('redis://127.0.0.1:1', { commandTimeoutMs: 300 });
    const scanReports = createRedisScanReports(away);
    const answer = await createTestApi(monitoringDataRoutes, { ...fleet.deps, scanReports }).call(
      'GET',
      '/v1/monitoring/status',
    );
    await away.close();
    expect(answer.status).toBe(503);
  });
});

describe('actions on the scanner', () => {
  test('ask dispatch for proxies, or for all of a namespace', async () => {
    const requests = createRedisScanRequests(fleet.redis);
    const asked = await post('actions/run-now', { proxies: ['p1', 'p1'], collectors: ['sqlStats'] }, SHOP_OPERATOR);
    expect(asked).toMatchObject({ status: 202, body: { requested: ['p1'], collectors: ['sqlStats'], paused: [] } });
    expect([...(await requests.fetchAll()).keys()]).toEqual(['p1']);
    expect((await get('status')).body.items[0].requested).toBe(true);
    await post('actions/pause', { proxy: 'p2' });
    const all = await post('actions/run-now', { namespace: 'shop' });
    expect(all).toMatchObject({ status: 202, body: { requested: ['p1', 'p2', 'p3'], paused: ['p2'] } });
    expect([...(await requests.fetchAll()).keys()].toSorted()).toEqual(['p1', 'p2', 'p3']);
    expect(await audited('run-now')).toEqual(['p1', 'p1', 'p2', 'p3']);
  });

  test('pause for a time and resume, for a proxy, a namespace, or a collector', async () => {
    const fetchAll = () => fleet.deps.pauses!.fetchAll();
    expect(await post('actions/pause', { namespace: 'shop', seconds: 600 }, SHOP_OPERATOR)).toMatchObject({
      status: 200,
      body: { kind: 'namespace', name: 'shop', paused: true, seconds: 600 },
    });
    expect((await post('actions/pause', { collector: 'slowSql' })).status).toBe(200);
    expect(await fetchAll()).toMatchObject({ namespaces: new Set(['shop']), collectors: new Set(['slowSql']) });
    expect((await post('actions/resume', { namespace: 'shop' }, SHOP_OPERATOR)).body.paused).toBe(false);
    expect((await fetchAll()).namespaces).toEqual(new Set());
    expect(await audited('resume')).toEqual(['shop']);
  });

  test('change nothing in a dry run', async () => {
    expect((await post('actions/pause?dryRun=true', { proxy: 'p1' })).status).toBe(200);
    expect((await post('actions/run-now?dryRun=true', { proxies: ['p1'] })).status).toBe(200);
    expect((await post('gateways/actions/drain?dryRun=true', { slot: 'slot-1' })).status).toBeLessThan(300);
    expect(await fleet.redis.call('DBSIZE', [])).toBe(0);
  });

  test.each([
    ['a viewer', 'actions/pause', { proxy: 'p1' }, SHOP_VIEWER, 403],
    ['another namespace', 'actions/pause', { proxy: 'p4' }, SHOP_OPERATOR, 404],
    ['another namespace', 'actions/run-now', { namespace: 'reporting' }, SHOP_OPERATOR, 404],
    ['a collector of all', 'actions/pause', { collector: 'status' }, SHOP_OPERATOR, 403],
    ['a proxy that is none', 'actions/run-now', { proxies: ['p9'] }, 'admin', 404],
    ['a namespace that is none', 'actions/pause', { namespace: 'nowhere' }, 'admin', 404],
    ['two targets', 'actions/pause', { proxy: 'p1', namespace: 'shop' }, 'admin', 400],
    ['no target', 'actions/resume', {}, 'admin', 400],
    ['too long', 'actions/pause', { proxy: 'p1', seconds: 1e9 }, 'admin', 400],
    ['both', 'actions/run-now', { proxies: ['p1'], namespace: 'shop' }, 'admin', 400],
    ['an unknown field', 'actions/run-now', { proxies: ['p1'], now: true }, 'admin', 400],
    ['a namespace role', 'gateways/actions/drain', { slot: 'slot-1' }, SHOP_OPERATOR, 403],
    ['a namespace role', 'gateways/actions/pin', { proxy: 'p1', slot: 'slot-1' }, SHOP_OPERATOR, 403],
    ['an invisible proxy', 'gateways/actions/unpin', { proxy: 'p4' }, SHOP_OPERATOR, 404],
    ['no slot', 'gateways/actions/pin', { proxy: 'p1', slot: '{slot}' }, 'admin', 400],
  ] as const)('refuse %s: %s', async (_, path, body, as, status) => {
    expect((await post(path, body, as)).status).toBe(status);
  });

  test('are a conflict when there is no room', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => [`proxy:x${i}`, '-']).flat();
    for (let i = 0; i < many.length; i += 2_000) {
      await fleet.redis.call('HSET', ['{pw:scan}:paused', ...many.slice(i, i + 2_000)]);
    }
    expect(await post('actions/pause', { proxy: 'p1' })).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  });
});

describe('GET /v1/monitoring/live', () => {
  const list: Processlist = {
    uptimeS: 100,
    proxyNowS: 1,
    tellsTransactions: true,
    isCut: false,
    sessions: [
      sessionOf('1'),
      sessionOf('2', { command: 'Query', statement: "select * from t where secret = 'hunter2'", timeMs: 900 }),
      sessionOf('3', { transactionUs: 5_000_000, user: 'batch' }),
      sessionOf('4', { transactionUs: 9_000_000, statement: 'commit', timeMs: 2 }),
    ],
  };
  const apiWith = (driver: ProxyDriver) =>
    createTestApi(monitoringDataRoutes, {
      ...fleet.deps,
      drivers: new Map([['proxysql', driver]]),
      credentials: { fetchCredential: async () => ({ user: 'stats', password: 'stats' }) },
    });
  const live = (query: string, as: TestCaller = 'admin', driver = driverWith(async () => list)) =>
    call('GET', `live?${query}`, as, undefined, apiWith(driver));

  test('has sessions by the age of their transactions, without literals', async () => {
    const { status, body } = await live('proxyId=p1', SHOP_VIEWER);
    expect(status).toBe(200);
    expect(body).toMatchObject({ proxy: 'p1', sessions: 4, running: 2, inTransaction: 2, isCut: false });
    expect(body.items.map(({ sessionId }: { sessionId: string }) => sessionId)).toEqual(['4', '3', '2', '1']);
    expect(body.items[2]).toMatchObject({ statement: 'select * from t where secret = ?', transactionMs: null });
    expect(body.items[0]).toMatchObject({ transactionMs: 9_000 });
  });

  test('shows literals to operators who ask for them, and to nobody else', async () => {
    expect((await live('proxyId=p1&literals=true', SHOP_OPERATOR)).text).toContain('hunter2');
    expect((await live('proxyId=p1&literals=true', SHOP_VIEWER)).status).toBe(403);
    expect((await live('proxyId=p1', SHOP_OPERATOR)).text).not.toContain('hunter2');
  });

  test('is filtered and cut', async () => {
    const { body } = await live('proxyId=p1&transactions=true&limit=1');
    expect(body).toMatchObject({ isCut: true, items: [{ sessionId: '4' }] });
    expect((await live('proxyId=p1&user=batch')).body.items).toMatchObject([{ sessionId: '3' }]);
    const silent = driverWith(async () => ({ ...list, tellsTransactions: false }));
    expect((await live('proxyId=p1', 'admin', silent)).body.inTransaction).toBeNull();
  });

  test('of a proxy that cannot be read is a conflict, and of one that is not there nothing', async () => {
    const broken = driverWith(async () => {
      throw new ProxywatchError('PROXY_UNREACHABLE', 'connect ECONNREFUSED 10.1.2.3:6032');
    });
    const answer = await live('proxyId=p1', 'admin', broken);
    expect(answer).toMatchObject({ status: 409, body: { code: 'PROXY_UNREACHABLE' } });
    expect(answer.text).not.toContain('10.1.2.3');
    expect((await live('proxyId=p9')).status).toBe(404);
    expect((await live('proxyId=p4', SHOP_VIEWER)).status).toBe(404);
    expect((await live('')).status).toBe(400);
  });
});

describe('GET /v1/monitoring/gateways', () => {
  const MEMBERSHIP = { timeoutMs: 60_000, slotGraceMs: 60_000, slots: 2 };

  test('has members, slots, assignment, load and moves, of proxies that the caller may see', async () => {
    const store = createRedisMembershipStore(fleet.redis);
    const member = { advertise: 'g1:9464', isScraped: true, isDraining: false };
    await store.heartbeat({ id: 'g2', ...member, holds: {} }, MEMBERSHIP);
    const { assignmentVersion } = await store.heartbeat({ id: 'g1', ...member, holds: { p1: 40, p4: 2 } }, MEMBERSHIP);
    const planner = await store.heartbeat({ id: 'g2', ...member, holds: {} }, MEMBERSHIP);
    await store.publish(
      planner.isPlanner ? 'g2' : 'g1',
      new Map([
        ['p1', 'slot-1'],
        ['p4', 'slot-2'],
      ]),
      assignmentVersion,
    );
    const leases = createRedisLeaseStore(fleet.redis);
    for (const id of ['p1', 'p4']) await leases.acquire(id, { memberId: 'g1', advertise: 'g1:9464' }, 60_000);
    expect((await post('gateways/actions/pin', { proxy: 'p1', slot: 'slot-2' })).status).toBe(204);
    expect((await post('gateways/actions/drain', { slot: 'slot-1' })).status).toBe(204);
    const { status, body } = await get('gateways', SHOP_VIEWER);
    expect(status).toBe(200);
    const g1 = body.members.find(({ id }: { id: string }) => id === 'g1');
    expect(g1).toMatchObject({
      slot: 'slot-2',
      address: 'g1:9464',
      holds: 2,
      series: 42,
      assigned: 1,
      isDrained: false,
    });
    expect(body).toMatchObject({ drainedSlots: ['slot-1'], waitingSlots: [], moving: 1, withoutOwner: 2 });
    expect(body.proxies.map(({ proxy }: { proxy: string }) => proxy)).toEqual(['p1', 'p2', 'p3']);
    expect(body.proxies[0]).toMatchObject({
      slot: 'slot-1',
      owner: 'g1',
      series: 40,
      pinnedTo: 'slot-2',
      isMoving: true,
    });
    await post('gateways/actions/undrain', { slot: 'slot-1' });
    await post('gateways/actions/unpin', { proxy: 'p1' });
    const after = (await get('gateways')).body;
    expect([after.drainedSlots, after.proxies[0].pinnedTo, after.proxies.length]).toEqual([[], null, 4]);
  });

  test('without any gateway has none', async () => {
    expect((await get('gateways')).body).toMatchObject({ members: [], planner: null, withoutOwner: 4 });
  });
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { createDcdbSink } from '@proxywatch/core/drivers/dcdb/scan/dcdb-sink';
import { monitoringDataRoutes } from '../../../functions/api/monitoring/data/routes.ts';
import { createTestApi, type TestAnswer, type TestApi, type TestCaller } from '../../support/api-harness.ts';
import {
  batchOf,
  DAY_MS,
  errorsOf,
  HOUR_MS,
  keyLogOf,
  MINUTE_MS,
  slowSqlOf,
  transactionOf,
} from '../dcdb/scan-batches.ts';
import { END_MS, type StatsFact, writeStatsHistory } from '../dcdb/stats-history.ts';
import { checkDocumented, type MonitoringFleet, startMonitoringFleet } from './monitoring-fleet.ts';

const SHOP: TestCaller = { roles: { shop: 'viewer' } };
const REPORTING: TestCaller = { roles: { reporting: 'viewer' } };
const NOBODYS: TestCaller = { roles: { elsewhere: 'admin' } };

let fleet: MonitoringFleet;
let api: TestApi;
let facts: readonly StatsFact[];

beforeAll(async () => {
  fleet = await startMonitoringFleet(() => END_MS);
  api = createTestApi(monitoringDataRoutes, fleet.deps);
  facts = await writeStatsHistory(fleet.db);
});
afterAll(() => fleet?.stop());

async function get(path: string, as?: TestCaller): Promise<TestAnswer> {
  const answer = await api.call('GET', `/v1/monitoring/${path}`, as === undefined ? {} : { as });
  if (answer.status >= 500) throw new Error(`${path}: ${answer.text}`);
  checkDocumented('GET', `/v1/monitoring/${path}`, answer);
  return answer;
}

const executionsOf = (rows: readonly StatsFact[]) => rows.reduce((sum, { executions }) => sum + executions, 0);
const lastDay = (fact: StatsFact) => fact.toMs > END_MS - DAY_MS && fact.errors === 0;

describe('GET /v1/monitoring/digests', () => {
  test('has the top SQL of a range, and all that is not listed, so that sums are exact', async () => {
    const { status, body } = await get('digests?last=24h&limit=2');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      resolution: 'interval',
      sort: 'time',
      groupBy: ['digest'],
      coverage: { isWhole: true },
    });
    expect(body.items).toHaveLength(2);
    expect(body.items[0]).toMatchObject({ digest: expect.any(String), text: expect.stringContaining('select * from') });
    expect(body.items[0].timeUs).toBeGreaterThan(body.items[1].timeUs);
    expect(body.total.executions).toBe(executionsOf(facts.filter(lastDay)));
    const listed = body.items.reduce((sum: number, item: { executions: number }) => sum + item.executions, 0);
    expect(listed + body.other.executions).toBe(body.total.executions);
    expect(body.other.unnamed.executions).toBe(
      executionsOf(facts.filter((fact) => lastDay(fact) && fact.digest === '')),
    );
  });

  test('goes on page by page about the very same range', async () => {
    const whole = (await get('digests?last=24h&groupBy=digest,proxy&sort=count')).body;
    const items = [];
    let cursor: string | null = null;
    do {
      const { body }: TestAnswer = await get(
        `digests?last=24h&groupBy=digest,proxy&sort=count&limit=7${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      expect([body.from, body.to, body.total]).toEqual([whole.from, whole.to, whole.total]);
      items.push(...body.items);
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(items).toEqual(whole.items);
    const first = (await get('digests?last=24h&limit=1')).body.nextCursor;
    expect((await get(`digests?last=24h&limit=1&sort=count&cursor=${first}`)).status).toBe(400);
  });

  test('shows callers what their namespaces ran, also where a proxy has moved', async () => {
    for (const [as, namespace] of [
      [SHOP, 'shop'],
      [REPORTING, 'reporting'],
    ] as const) {
      const { body } = await get('digests?last=5d&groupBy=proxy', as);
      const visible = facts.filter(
        (fact) => fact.namespace === namespace && fact.toMs > Date.parse(body.from) && fact.toMs <= Date.parse(body.to),
      );
      expect(body.total.executions).toBe(executionsOf(visible));
      expect(body.items.map(({ proxy }: { proxy: string }) => proxy).toSorted()).toEqual(
        [...new Set(visible.map(({ proxy }) => proxy))].toSorted(),
      );
    }
    for (const query of ['', '&filter[namespace]=shop', '&filter[proxy]=p1']) {
      expect((await get(`digests?last=5d${query}`, NOBODYS)).body).toMatchObject({
        items: [],
        total: { executions: 0 },
      });
    }
    expect((await get('digests?last=5d&filter[namespace]=shop', REPORTING)).body.total.executions).toBe(0);
  });

  test('counts errors by what proxies know them by', async () => {
    const { body } = await get('digests?last=24h&sort=errors');
    const errors = facts.filter(({ toMs }) => toMs > END_MS - DAY_MS).reduce((sum, fact) => sum + fact.errors, 0);
    expect(body).toMatchObject({ groupBy: ['schema', 'user'], total: { errors } });
    expect(body.items[0]).toMatchObject({ schema: 'crm', user: 'app', errors });
    expect((await get('digests?sort=errors&groupBy=digest')).body.errors).toEqual([
      { pointer: '?sort', message: expect.stringContaining('not by digest') },
    ]);
    expect((await get('digests?last=24h')).body.total.errors).toBeNull();
  });

  test('compares two ranges', async () => {
    const { body } = await get('digests?last=24h&compare=previous');
    expect(body.before).toMatchObject({
      from: new Date(END_MS - 2 * DAY_MS).toISOString(),
      to: new Date(END_MS - DAY_MS).toISOString(),
      groups: { new: 1, gone: 1 },
    });
    const item = (digest: string) => body.items.find((one: { digest: string }) => one.digest === digest);
    expect(item('0x3B')).toMatchObject({ change: 'new', before: { executions: 0 }, timeUsChange: { relative: null } });
    expect(item('0x3')).toMatchObject({ change: 'gone', executions: 0, executionsChange: { relative: -1 } });
    const { executions, before, executionsChange } = item('0x1');
    expect(executionsChange.absolute).toBe(executions - before.executions);
    const gone = await get('digests?last=24h&compare=previous&change=gone');
    expect(gone.body.items.map(({ digest }: { digest: string }) => digest)).toEqual(['0x3']);
    const days = await get(
      'digests?from=2026-11-19T00:00:00Z&to=2026-11-20T00:00:00Z&compareFrom=2026-11-15T00:00:00Z',
    );
    expect(days.body.before).toMatchObject({ from: '2026-11-15T00:00:00.000Z', to: '2026-11-16T00:00:00.000Z' });
  });

  test('filters by names and by text', async () => {
    const digestsOf = async (query: string) =>
      (await get(`digests?last=24h&${query}`)).body.items.map(({ digest }: { digest: string }) => digest).toSorted();
    expect(await digestsOf('filter[schema]=orders')).toEqual(['0x2', '0x4']);
    expect(await digestsOf('filter[text][like]=*from%20orders*')).toEqual(['0x2', '0x4']);
    expect(await digestsOf('filter[text][like]=%25')).toEqual([]);
    expect(await digestsOf('filter[digest][in]=0x1,0x2,0x99&filter[hostgroup]=20')).toEqual(['0x1']);
    expect(await digestsOf(`filter[user]=${encodeURIComponent("' or 1=1 -- ")}`)).toEqual([]);
  });

  test.each([
    ['from=2026-11-20T00:00:00Z&last=1h', '?last'],
    ['from=2026-11-20T02:00:00Z&to=2026-11-20T01:00:00Z', '?from'],
    ['from=2030-01-01T00:00:00Z', '?from'],
    ['to=1970-01-01T00:00:00Z', '?to'],
    ['from=2020-01-01T00:00:00Z', '?from'],
    ['last=401d', '?last'],
    ['last=0h', '?last'],
    ['groupBy=digest,digest', '?groupBy'],
    ['groupBy=', '?groupBy'],
    ['sort=speed', '?sort'],
    ['limit=201', '?limit'],
    ['change=new', '?change'],
    ['compareTo=2026-11-20T00:00:00Z', '?compareFrom'],
    ['compare=previous&compareFrom=2026-11-15T00:00:00Z', '?compare'],
    ['filter[digest]=%00', '?'],
    ['fields=all', '?fields'],
    ['cursor=abc', '?cursor'],
  ])('refuses %s', async (query, pointer) => {
    const { status, body } = await get(`digests?${query}`);
    expect([status, body.errors?.[0].pointer]).toEqual([400, pointer]);
  });
});

describe('GET /v1/monitoring/digests/{digest}', () => {
  test('has its text, who ran it, and a timeline that sums up to the total', async () => {
    const { status, body } = await get('digests/0x1?last=24h&bucket=1h');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      digest: '0x1',
      text: 'select * from crm where n = 0x1',
      namespaces: ['reporting', 'shop'],
    });
    const ran = facts.filter((fact) => lastDay(fact) && fact.digest === '0x1');
    expect(body.total.executions).toBe(executionsOf(ran));
    const sum = (rows: readonly { executions: number }[]) => rows.reduce((total, row) => total + row.executions, 0);
    expect([sum(body.series), sum(body.timeline.points)]).toEqual([body.total.executions, body.total.executions]);
    expect(body.timeline).toMatchObject({ bucket: '1h', from: body.from, to: body.to });
    expect(body.timeline.points).toHaveLength(25);
    expect(body.maxTimeUs).toBe(900);
  });

  test('is there for those only who may see a namespace that ran it', async () => {
    expect((await get('digests/0x1?last=24h', REPORTING)).body.namespaces).toEqual(['reporting']);
    expect((await get('digests/0x1', NOBODYS)).status).toBe(404);
    expect((await get('digests/0x1?filter[namespace]=shop', REPORTING)).status).toBe(404);
    expect((await get('digests/0x77')).status).toBe(404);
    expect((await get('digests/%20')).status).toBe(400);
    expect((await get('digests/0x1?last=30d&bucket=1m')).body.errors[0].pointer).toBe('?bucket');
  });
});

describe('events', () => {
  const LISTS = ['errors', 'slow-sql', 'slow-transactions', 'key-logs'] as const;
  const AT_MS = END_MS - 2 * HOUR_MS;

  beforeAll(async () => {
    const sink = createDcdbSink(fleet.db);
    const proxies = ['p1', 'p4'];
    for (const proxy of proxies) {
      const namespace = proxy === 'p4' ? 'reporting' : 'shop';
      const of = (i: number) => ({ proxy, namespace, observedAtMs: AT_MS + i });
      const many = <T>(make: (i: number) => T) => Array.from({ length: 30 }, (_, i) => make(i));
      const at = (i: number) => AT_MS - Math.floor(i / 3) * 37 * MINUTE_MS;
      await sink.write(
        batchOf(
          many((i) => errorsOf(`${proxy}e${i}`, { ...of(i), toMs: at(i), errno: 1000 + i })),
          of(0),
        ),
      );
      await sink.write(
        batchOf(
          many((i) => slowSqlOf(`${proxy}s${i}`, { ...of(i), startedAtMs: at(i), durationUs: i * 1e6 })),
          of(0),
        ),
      );
      await sink.write(
        batchOf(
          many((i) => transactionOf(`${proxy}t${i}`, { ...of(i), startedAtMs: at(i) })),
          of(0),
        ),
      );
      const closed = many((i) =>
        transactionOf(`${proxy}t${i}`, { ...of(i), startedAtMs: at(i), version: 2, state: 'closed' }),
      );
      await sink.write(batchOf(closed, of(0)));
      await sink.write(
        batchOf(
          many((i) => keyLogOf(`${proxy}k${i}`, { ...of(i), happenedAtMs: at(i) })),
          of(0),
        ),
      );
    }
  });

  test.each(LISTS)('of %s come newest first, page by page, each once', async (list) => {
    const range = `from=${new Date(AT_MS - DAY_MS).toISOString()}&to=${new Date(AT_MS).toISOString()}`;
    const filter = list === 'errors' ? '&filter[errno][gt]=999&filter[errno][lt]=1030' : '';
    const items: Record<string, string>[] = [];
    let cursor: string | null = null;
    do {
      const { status, body }: TestAnswer = await get(
        `${list}?${range}${filter}&limit=7${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      expect(status).toBe(200);
      items.push(...body.items);
      cursor = body.nextCursor;
    } while (cursor !== null);
    const mine = items.filter(
      ({ lastError, errno }) => list !== 'errors' || lastError === null || Number(errno) < 1030,
    );
    expect(new Set(mine.map(({ id }) => id)).size).toBe(mine.length);
    expect(mine.length).toBeGreaterThanOrEqual(60);
    const times = mine.map((item) => Date.parse(item.to ?? item.startedAt ?? item.happenedAt ?? ''));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  test.each(LISTS)('of %s are those of the caller', async (list) => {
    const { body } = await get(`${list}?last=7d&limit=200`, REPORTING);
    expect(body.items.length).toBeGreaterThanOrEqual(30);
    expect(new Set(body.items.map(({ namespace }: { namespace: string }) => namespace))).toEqual(
      new Set(['reporting']),
    );
    expect((await get(`${list}?last=7d`, NOBODYS)).body).toMatchObject({ items: [], nextCursor: null });
    expect((await get(`${list}?last=7d&filter[proxy]=p1`, REPORTING)).body.items).toEqual([]);
  });

  test('are filtered', async () => {
    const slow = await get('slow-sql?last=24h&filter[durationUs][gt]=27000000&filter[proxy]=p1');
    const durations = slow.body.items.map(({ durationUs }: { durationUs: number }) => durationUs);
    expect(durations.toSorted()).toEqual([28_000_000, 29_000_000]);
    expect(
      (await get('slow-sql?last=24h&filter[text][like]=*sleep*&filter[proxy]=p1&limit=1')).body.items,
    ).toHaveLength(1);
    expect((await get('slow-transactions?last=24h&filter[state]=open')).body.items).toEqual([]);
    const [newest] = (await get('slow-transactions?last=24h&filter[state]=closed&limit=1')).body.items;
    expect(newest).toMatchObject({ version: 2, state: 'closed', statement: null });
    expect((await get('key-logs?filter[severity]=error')).body.items).toEqual([]);
    expect((await get('key-logs?filter[event]=restart&limit=1')).body.items[0]).toMatchObject({ detail: { after: 2 } });
    expect((await get('errors?last=24h&filter[errno]=1005&filter[proxy]=p4')).body.items).toMatchObject([{ count: 7 }]);
  });

  test.each(['sort=time', 'filter[severity]=loud', 'filter[event][like]=x', 'last=1y'])('refuse %s', async (query) => {
    expect((await get(`key-logs?${query}`)).status).toBe(400);
  });
});

describe('a DCDB that is away', () => {
  test.each(['digests', 'digests/0x1', 'errors', 'slow-sql', 'slow-transactions', 'key-logs', 'live?proxyId=p1'])(
    'is told of by %s',
    async (path) => {
      const db = createDcdb('mysql://proxywatch:proxywatch@127.0.0.1:1/proxywatch');
      const answer = await createTestApi(monitoringDataRoutes, { ...fleet.deps, db }).call(
        'GET',
        `/v1/monitoring/${path}`,
      );
      await db.destroy();
      expect(answer).toMatchObject({ status: 503, body: { detail: 'dcdb is unavailable' } });
      expect(answer.headers['retry-after']).toBeDefined();
    },
  );
});

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { batchOf, nothingRemembered } from '@proxywatch/core/domain/history/history-batch';
import { restoreHistory } from '@proxywatch/core/domain/history/restore-history';
import { createRedisHistoryStore } from '@proxywatch/core/drivers/history/redis-history-store';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { createLeasedHistoryStore } from '../../support/leased-history-store.ts';

const EMPTY = {
  replaces: 'everything',
  meta: '',
  rows: new Map(),
  deletedRows: [],
  deletedSeries: [],
  series: new Map(),
  errors: new Map(),
} as const;
const WRITE = { token: '1', revision: undefined, readAgeMs: 0, batch: EMPTY };

describe('a store of histories whose Redis', () => {
  const calls = (redis: RedisClient) => {
    const store = createRedisHistoryStore(redis);
    const sweep = { cursor: '0', touchedBeforeS: 0 };
    return [() => store.load('p'), () => store.save('p', WRITE), () => store.sweepRows('p', '1', sweep)];
  };

  test('is not there says so', async () => {
    const redis = createRedis(`redis://127.0.0.1:${await pickFreePort()}`);
    for (const call of calls(redis)) await expect(call()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await redis.close();
  });

  test('accepts and never answers is given up, by its own limit and when the caller leaves', async () => {
    const mute = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    // A client that would wait for an hour: the limit is the store's own.
    const redis = createRedis(`redis://127.0.0.1:${portOf(mute)}?cluster=false`, { commandTimeoutMs: 3_600_000 });
    const outcomes = calls(redis).map((call) => expect(call()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' }));
    const reason = new Error('the caller left');
    const left = createRedisHistoryStore(redis).load('p', AbortSignal.abort(reason));
    await expect(left).rejects.toBe(reason);
    await Promise.all(outcomes);
    await redis.close();
    mute.close();
  });
});

describe('a stored history', () => {
  let server: Service;
  let redis: RedisClient;
  beforeAll(async () => {
    server = await startRedis();
    redis = createRedis(server.url);
  });
  afterAll(async () => {
    await redis?.close();
    await server?.stop();
  });

  /** A history with one record of each kind, written and ready to be damaged. */
  async function stored(id: string) {
    const remembered = nothingRemembered();
    const counters = { executions: 7, timeUs: 70, rowsAffected: 0, rowsSent: 7 };
    const row = { key: '10|73|75||0xA', counters, firstSeenS: 500, text: 'SELECT 1' };
    const read = { kind: 'full', proxyNowS: 1_000, uptimeS: 900, tableRows: 1, tableSums: counters } as const;
    remembered.digests.correct(
      { ...read, oldestFirstSeenS: 500, rows: [row] },
      { tookS: 0, elapsed: undefined, wallS: 1_000 },
      { topN: 1, atS: 0, mayLeave: false },
    );
    const error = { hostgroup: '10', host: 'db', port: 3306, user: 'u', clientAddress: '', schema: 's', errno: 1064 };
    const seen = { count: 3, firstSeenS: 500, lastSeenS: 900, lastError: '' };
    remembered.errors.correct({ uptimeS: 900, proxyNowS: 1_000, errors: [{ ...error, ...seen }] });
    const store = createLeasedHistoryStore(redis);
    const token = await store.claim(id);
    await store.save(id, { ...WRITE, token, batch: batchOf(remembered, true)! });
    return { remembered, load: async () => restoreHistory((await store.load(id))!, 2_000) };
  }

  test('is the history that was written', async () => {
    const { remembered, load } = await stored('whole');
    const { remembered: loaded, damage } = await load();
    expect(damage).toEqual([]);
    expect(loaded.digests.totals).toEqual(remembered.digests.totals);
    expect(loaded.digests.baseline).toEqual(remembered.digests.baseline);
    expect(loaded.digests.rows.evicted).toBe(1);
    expect(loaded.digests.series.totalOf('10|73|75||0xA')).toMatchObject({ executions: 7 });
    expect(loaded.errors.totals).toEqual(new Map([[1064, 3]]));
  });

  test('whose one series was changed has it again, since totals are the sum of their parts', async () => {
    const { load } = await stored('series');
    await redis.call('HSET', ['{pw:series}:series', '10|73|75||0xA', 'x']);
    const { remembered, damage } = await load();
    expect(remembered.digests.series.totalOf('10|73|75||0xA')).toMatchObject({ executions: 7 });
    expect(damage).toMatchObject([{ kind: 'series', key: '10|73|75||0xA', record: 'x' }]);
  });

  test('whose errors were changed shows none of them, rather than less than before', async () => {
    const { load } = await stored('errors');
    for (const field of (await redis.call('HKEYS', ['{pw:errors}:errors'])) as string[]) {
      await redis.call('HSET', ['{pw:errors}:errors', field, 'x']);
    }
    const { remembered, damage } = await load();
    expect(remembered.errors.totals).toEqual(new Map());
    expect(damage.map(({ kind }) => kind)).toEqual(['errors', 'errors']);
  });

  test('whose totals were changed has a second copy of them', async () => {
    const { load } = await stored('copy');
    await redis.call('HSET', ['{pw:copy}:meta', 'meta', 'x']);
    const { remembered, damage, isBegunAnew } = await load();
    expect([isBegunAnew, remembered.digests.totals.executions]).toEqual([false, 7]);
    expect(damage).toMatchObject([{ kind: 'meta', record: 'x' }]);
  });

  test('of which records are missing says how many', async () => {
    const { load } = await stored('missing');
    for (const name of ['rows', 'series', 'errors']) await redis.call('DEL', [`{pw:missing}:${name}`]);
    const { damage } = await load();
    expect(damage.map(({ kind, why }) => `${kind}: ${why}`)).toEqual([
      'row: 1 records are missing',
      'series: 1 records are missing',
      'errors: 2 records are missing',
    ]);
  });

  test('of a newer version begins anew', async () => {
    const { load } = await stored('newer');
    await redis.call('HSET', ['{pw:newer}:meta', 'meta', '3;{};0', 'copy', '3;{};0']);
    const { isBegunAnew, damage } = await load();
    expect(isBegunAnew).toBe(true);
    expect(damage[0]?.why).toContain('version');
  });
});

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

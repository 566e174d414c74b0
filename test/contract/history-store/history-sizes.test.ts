import { expect, test } from '@jest/globals';
import { fetchHistorySizes } from '@proxywatch/core/drivers/history/history-sizes';
import { createLeasedHistoryStore } from '../../support/leased-history-store.ts';
import { describeOnRedis } from '../../support/redis-servers.ts';

describeOnRedis('the sizes of histories', (where) => {
  async function remember(proxy: string, rows: readonly string[], series: readonly string[]): Promise<void> {
    const store = createLeasedHistoryStore(where().redis);
    const recordsOf = (keys: readonly string[]) => new Map(keys.map((key) => [key, 'record']));
    const batch = {
      replaces: 'everything',
      meta: 'meta',
      rows: recordsOf(rows),
      deletedRows: [],
      series: recordsOf(series),
      deletedSeries: [],
      errors: recordsOf(['1064']),
    } as const;
    await store.save(proxy, { token: await store.claim(proxy), revision: undefined, readAgeMs: 60_000, batch });
  }

  test('are told of all proxies that have one', async () => {
    const { redis } = where();
    await remember('p', ['a', 'b', 'c'], ['x', 'y']);
    await remember('with space', [], ['x']);
    const sizes = await fetchHistorySizes(redis, ['p', 'none', 'with space']);
    expect([...sizes.keys()].toSorted()).toEqual(['p', 'with space']);
    expect(sizes.get('p')).toEqual({ rows: 3, series: 2, errors: 1, readAtMs: expect.any(Number) });
    expect(sizes.get('with space')).toMatchObject({ rows: 0, series: 1 });
    const [seconds] = (await redis.call('TIME', [])) as string[];
    const ageMs = Number(seconds) * 1_000 - (sizes.get('p')?.readAtMs ?? 0);
    expect(Math.round(ageMs / 60_000)).toBe(1);
  });

  test('that cannot be read are missing', async () => {
    const { redis } = where();
    await redis.call('HSET', ['{pw:torn}:meta', 'counts', '3,2', 'readAtUs', '1']);
    await redis.call('HSET', ['{pw:undated}:meta', 'counts', '3,2,1']);
    expect(await fetchHistorySizes(redis, ['torn', 'undated'])).toEqual(new Map());
  });

  test('of no proxies are none', async () => {
    expect(await fetchHistorySizes(where().redis, [])).toEqual(new Map());
  });
});

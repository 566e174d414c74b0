import { expect, test } from '@jest/globals';
import { createRedisScanFailures } from '@proxywatch/core/drivers/dispatch/redis-scan-failures';
import { FAILURES_KEY } from '@proxywatch/core/drivers/dispatch/scan-keys';
import { describeOnRedis } from '../../support/redis-servers.ts';

const failure = { tickMs: 60_000, code: 'PROXY_UNREACHABLE' };

describeOnRedis('failures of scans', (server) => {
  const create = (random = 0) =>
    createRedisScanFailures(server().redis, { baseMs: 10_000, maxMs: 60_000, random: () => random });

  test('postpone the next attempt further and further, from the second in a row on', async () => {
    const failures = create();
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      await failures.noteFailure('shop-1', { ...failure, tickMs: 60_000 * (i + 1) });
      const noted = (await failures.fetchAll()).get('shop-1');
      expect(noted).toMatchObject({ count: i + 1, firstTickMs: 60_000, code: 'PROXY_UNREACHABLE' });
      // Of Redis' clock some milliseconds may have passed.
      waits.push(Math.ceil((noted?.waitMs ?? 0) / 1_000) * 1_000);
    }
    expect(waits).toEqual([0, 5_000, 10_000, 20_000, 30_000, 30_000]);
  });

  test('vary by chance between half and the whole', async () => {
    const failures = create(0.999);
    for (let i = 0; i < 2; i++) await failures.noteFailure('shop-1', failure);
    const waitMs = (await failures.fetchAll()).get('shop-1')?.waitMs ?? 0;
    expect(waitMs).toBeGreaterThan(9_000);
    expect(waitMs).toBeLessThanOrEqual(10_000);
  });

  test('are forgotten with the next success, and those of retired proxies on demand', async () => {
    const failures = create();
    const ids = Array.from({ length: 2_500 }, (_, i) => `shop-${i}`);
    await Promise.all(ids.map((id) => failures.noteFailure(id, failure)));
    await failures.noteSuccess('shop-7');
    await failures.noteSuccess('never-failed');
    await failures.forget(ids.slice(10));
    expect([...(await failures.fetchAll()).keys()].toSorted()).toEqual(
      ids.slice(0, 10).filter((id) => id !== 'shop-7'),
    );
    await failures.forget([]);
    expect(await server().redis.call('PTTL', [FAILURES_KEY])).toBe(-1);
  });

  test('end in time although the clock went back', async () => {
    await server().redis.call('HSET', [FAILURES_KEY, 'shop-1', `9 60000 ${Date.now() + 86_400_000} PROXY_TIMEOUT`]);
    expect((await create().fetchAll()).get('shop-1')?.waitMs).toBe(60_000);
  });

  test('that are damaged count as none', async () => {
    const { redis } = server();
    await redis.call('HSET', [FAILURES_KEY, 'shop-1', 'x', 'shop-2', `1 60000 0 PROXY_TIMEOUT`]);
    expect([...(await create().fetchAll()).keys()]).toEqual(['shop-2']);
    await create().noteFailure('shop-1', failure);
    expect((await create().fetchAll()).get('shop-1')?.count).toBe(1);
    await redis.call('DEL', [FAILURES_KEY]);
    await redis.call('SET', [FAILURES_KEY, 'text']);
    expect((await create().fetchAll()).size).toBe(0);
    await create().noteFailure('shop-1', failure);
    expect((await create().fetchAll()).get('shop-1')?.count).toBe(1);
  });
});

import { expect, test } from '@jest/globals';
import { createRedisTickClaims } from '@proxywatch/core/drivers/dispatch/redis-tick-claims';
import { TICKS_KEY } from '@proxywatch/core/drivers/dispatch/scan-keys';
import { describeOnRedis, emptyRedis } from '../../support/redis-servers.ts';

const TICK_MS = 60_000;
/** Long enough ago that no tick of a test is ahead of Redis' clock. */
const FIRST_MS = Math.floor(Date.now() / TICK_MS) * TICK_MS - 60 * TICK_MS;

describeOnRedis('ticks', (server) => {
  const create = () => createRedisTickClaims(server().redis);

  test('are taken by one of many that ask at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => create().claim(FIRST_MS)));
    expect(outcomes.filter(({ kind }) => kind === 'claimed')).toEqual([{ kind: 'claimed', completedMs: undefined }]);
    expect(outcomes.filter(({ kind }) => kind === 'taken')).toHaveLength(19);
  });

  test('are refused when they are older than one that was taken', async () => {
    const claims = create();
    await claims.claim(FIRST_MS);
    const taken = { kind: 'taken', claimedMs: FIRST_MS };
    expect(await claims.claim(FIRST_MS)).toEqual(taken);
    expect(await claims.claim(FIRST_MS - TICK_MS)).toEqual(taken);
    expect(await claims.claim(FIRST_MS + TICK_MS)).toEqual({ kind: 'claimed', completedMs: undefined });
  });

  test('tell which one was completed last, not which one was taken', async () => {
    const claims = create();
    await claims.claim(FIRST_MS);
    await claims.complete(FIRST_MS);
    await claims.claim(FIRST_MS + TICK_MS);
    expect(await claims.claim(FIRST_MS + 2 * TICK_MS)).toEqual({ kind: 'claimed', completedMs: FIRST_MS });
    await claims.complete(FIRST_MS + 2 * TICK_MS);
    // The one before it took longer.
    await claims.complete(FIRST_MS + TICK_MS);
    expect(await claims.claim(FIRST_MS + 3 * TICK_MS)).toEqual({
      kind: 'claimed',
      completedMs: FIRST_MS + 2 * TICK_MS,
    });
  });

  test('that lie far ahead are not taken, since they would block all before them', async () => {
    const claims = create();
    const claim = await claims.claim(Date.now() + 3_600_000);
    expect(claim).toEqual({ kind: 'ahead', byMs: expect.any(Number) });
    expect((await claims.claim(FIRST_MS)).kind).toBe('claimed');
  });

  test('that are stored far ahead count as none: the clock went back', async () => {
    const { redis } = server();
    await redis.call('HSET', [TICKS_KEY, 'claimedMs', Date.now() + 3_600_000, 'completedMs', Date.now() + 3_600_000]);
    expect(await create().claim(FIRST_MS)).toEqual({ kind: 'claimed', completedMs: undefined });
    await create().complete(FIRST_MS);
    expect(await create().claim(FIRST_MS + TICK_MS)).toEqual({ kind: 'claimed', completedMs: FIRST_MS });
  });

  test.each([
    ['text', ['SET', TICKS_KEY, 'x']],
    ['a list', ['RPUSH', TICKS_KEY, 'x']],
    ['fields that are no numbers', ['HSET', TICKS_KEY, 'claimedMs', 'soon', 'completedMs', '1e99']],
  ])('that are damaged (%s) count as none', async (_, [command = '', ...args]) => {
    await server().redis.call(command, args);
    expect(await create().claim(FIRST_MS)).toEqual({ kind: 'claimed', completedMs: undefined });
    await server().redis.call('DEL', [TICKS_KEY]);
    await server().redis.call(command, args);
    await create().complete(FIRST_MS);
    expect(await create().claim(FIRST_MS + TICK_MS)).toEqual({ kind: 'claimed', completedMs: FIRST_MS });
  });

  test('begin anew when Redis came back empty, and have no time to live', async () => {
    const claims = create();
    await claims.claim(FIRST_MS);
    expect(await server().redis.call('PTTL', [TICKS_KEY])).toBe(-1);
    await emptyRedis(server().redis);
    expect(await claims.claim(FIRST_MS)).toEqual({ kind: 'claimed', completedMs: undefined });
  });
});

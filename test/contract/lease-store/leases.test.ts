import { expect, jest, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createRedisHistoryStore, historyKeysOf } from '@proxywatch/core/drivers/history/redis-history-store';
import { createRedisLeaseStore, leaseKeysOf } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { describeOnRedis, emptyRedis, failureOf } from '../../support/redis-servers.ts';
import { until } from '../../support/until.ts';
import { passLeaseTime, tokenOf, writeWith } from './lease-clock.ts';

const TTL_MS = 600_000;
const a = { memberId: 'a', advertise: 'a.example:9464' };
const b = { memberId: 'b', advertise: 'b.example:9464' };

describeOnRedis('leases', (server) => {
  const store = () => createRedisLeaseStore(server().redis);

  test('belong to one at a time, and others learn to whom and for how long', async () => {
    const leases = store();
    expect(await leases.acquire('shop-1', a, TTL_MS)).toEqual({
      kind: 'acquired',
      token: expect.stringMatching(/^\d{16}$/),
    });
    await passLeaseTime(server().redis, 'shop-1', 5_000);
    const held = await leases.acquire('shop-1', b, TTL_MS);
    expect(held).toEqual({ kind: 'held', by: a, remainingMs: expect.any(Number) });
    const remainingMs = held.kind === 'held' ? held.remainingMs : Number.NaN;
    expect(remainingMs).toBeLessThanOrEqual(TTL_MS - 5_000);
    expect(remainingMs).toBeGreaterThan(0);
    expect((await leases.acquire('shop-2', b, TTL_MS)).kind).toBe('acquired');
  });

  test('go to one of fifty that ask at once', async () => {
    const leases = store();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) => leases.acquire('shop-1', { ...a, memberId: `m${i}` }, TTL_MS)),
    );
    expect(outcomes.filter(({ kind }) => kind === 'acquired')).toHaveLength(1);
  });

  test('are taken by anyone when they ran out, and the paused holder is refused from then on', async () => {
    const leases = store();
    const history = createRedisHistoryStore(server().redis);
    const paused = tokenOf(await leases.acquire('shop-1', a, TTL_MS));
    await passLeaseTime(server().redis, 'shop-1', TTL_MS + 1);
    const successor = tokenOf(await leases.acquire('shop-1', b, TTL_MS));
    expect(Number(successor)).toBeGreaterThan(Number(paused));
    expect(await leases.renew('shop-1', paused, TTL_MS)).toBe(false);
    const late = history.save('shop-1', writeWith(paused));
    expect(errorCodeOf(await failureOf(late))).toBe('STORE_FENCED');
    await leases.release('shop-1', paused);
    expect(await leases.acquire('shop-1', a, TTL_MS)).toMatchObject({ kind: 'held', by: b });
    expect(await leases.renew('shop-1', successor, TTL_MS)).toBe(true);
    expect(await history.save('shop-1', writeWith(successor))).toMatchObject({ kind: 'saved' });
  });

  test("run out by Redis' clock alone", async () => {
    const leases = store();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(0);
    const first = tokenOf(await leases.acquire('shop-1', a, 50));
    clock.mockReturnValue(8_640_000_000_000);
    await until('the lease runs out', async () => (await leases.acquire('shop-1', b, TTL_MS)).kind === 'acquired');
    clock.mockRestore();
    expect(await leases.renew('shop-1', first, TTL_MS)).toBe(false);
  });

  test('are prolonged by their token, also when they ran out and nobody came', async () => {
    const leases = store();
    const token = tokenOf(await leases.acquire('shop-1', a, TTL_MS));
    await passLeaseTime(server().redis, 'shop-1', TTL_MS - 1_000);
    expect(await leases.renew('shop-1', token, TTL_MS)).toBe(true);
    await passLeaseTime(server().redis, 'shop-1', 2_000);
    expect((await leases.acquire('shop-1', b, TTL_MS)).kind).toBe('held');
    await passLeaseTime(server().redis, 'shop-1', TTL_MS);
    expect(await leases.renew('shop-1', token, TTL_MS)).toBe(true);
    expect((await leases.acquire('shop-1', b, TTL_MS)).kind).toBe('held');
    expect(await leases.renew('shop-1', '1', TTL_MS)).toBe(false);
    expect(await leases.renew('shop-9', token, TTL_MS)).toBe(false);
  });

  test('are free at once when released, once', async () => {
    const leases = store();
    const token = tokenOf(await leases.acquire('shop-1', a, TTL_MS));
    await leases.release('shop-1', token);
    await leases.release('shop-1', token);
    expect(await leases.renew('shop-1', token, TTL_MS)).toBe(false);
    const next = tokenOf(await leases.acquire('shop-1', b, TTL_MS));
    await leases.release('shop-1', token);
    expect(await leases.renew('shop-1', next, TTL_MS)).toBe(true);
  });

  test('are taken again by their holder with a new token', async () => {
    const leases = store();
    const first = tokenOf(await leases.acquire('shop-1', a, TTL_MS));
    const second = tokenOf(await leases.acquire('shop-1', a, TTL_MS));
    expect(Number(second)).toBeGreaterThan(Number(first));
    expect(await leases.renew('shop-1', first, TTL_MS)).toBe(false);
    expect(await leases.renew('shop-1', second, TTL_MS)).toBe(true);
  });

  test('are lost when Redis came back empty, and taken with a higher token', async () => {
    const leases = store();
    const history = createRedisHistoryStore(server().redis);
    let last = 0;
    for (let life = 0; life < 5; life++) {
      const token = tokenOf(await leases.acquire('shop-1', a, TTL_MS));
      expect(Number(token)).toBeGreaterThan(last);
      last = Number(token);
      await emptyRedis(server().redis);
      expect(await leases.renew('shop-1', token, TTL_MS)).toBe(false);
      expect(await history.save('shop-1', writeWith(token))).toEqual({ kind: 'lost' });
    }
  });

  test('of which somebody knows are not taken from a Redis that came back empty', async () => {
    const leases = store();
    expect(await leases.acquire('shop-1', b, TTL_MS, undefined, true)).toEqual({ kind: 'forgotten' });
    await leases.acquire('shop-1', a, TTL_MS);
    expect(await leases.acquire('shop-1', b, TTL_MS, undefined, true)).toMatchObject({ kind: 'held', by: a });
    await emptyRedis(server().redis);
    expect(await leases.acquire('shop-1', b, TTL_MS, undefined, true)).toEqual({ kind: 'forgotten' });
    await leases.release('shop-1', tokenOf(await leases.acquire('shop-1', a, TTL_MS)));
    expect(await leases.acquire('shop-1', b, TTL_MS, undefined, true)).toMatchObject({ kind: 'acquired' });
  });

  test('mint rising tokens when the clock went back, and end in time all the same', async () => {
    const leases = store();
    const [, fence] = leaseKeysOf('shop-1');
    await server().redis.call('SET', [fence, '4102444800000000']);
    expect(tokenOf(await leases.acquire('shop-1', a, TTL_MS))).toBe('4102444800000001');
    await passLeaseTime(server().redis, 'shop-1', -1_000 * TTL_MS);
    const held = await leases.acquire('shop-1', b, TTL_MS);
    expect(held).toEqual({ kind: 'held', by: a, remainingMs: TTL_MS });
    await passLeaseTime(server().redis, 'shop-1', TTL_MS + 1);
    expect(tokenOf(await leases.acquire('shop-1', b, TTL_MS))).toBe('4102444800000002');
  });

  test('that are damaged are free, and a damaged fence is replaced', async () => {
    const { redis } = server();
    const leases = store();
    const [lease, fence] = leaseKeysOf('shop-1');
    const damages: [command: string, key: string, ...args: string[]][] = [
      ['SET', lease, 'text'],
      ['HDEL', lease, 'owner'],
      ['HDEL', lease, 'untilMs'],
      ['HSET', lease, 'untilMs', 'nan'],
      ['HSET', lease, 'ttlMs', '1e9'],
      ['SET', fence, 'zzz'],
      ['SET', fence, '9'.repeat(400)],
      ['RPUSH', fence, 'x'],
    ];
    for (const [command, key, ...args] of damages) {
      await redis.call('DEL', [lease, fence]);
      const token = tokenOf(await leases.acquire('shop-1', a, TTL_MS));
      const isWhole = ['SET', 'RPUSH'].includes(command);
      if (isWhole) await redis.call('DEL', [key]);
      await redis.call(command, [key, ...args]);
      if (key === fence || isWhole) expect(await leases.renew('shop-1', token, TTL_MS)).toBe(false);
      await leases.release('shop-1', '0');
      const next = await leases.acquire('shop-1', key === fence ? a : b, TTL_MS);
      expect(Number(tokenOf(next))).toBeGreaterThan(Number(token));
      expect(await leases.renew('shop-1', tokenOf(next), TTL_MS)).toBe(true);
    }
  });

  test('guard the very fence that histories are written behind', () => {
    for (const id of ['shop-1', 'ümläut{}:@']) expect(leaseKeysOf(id)[1]).toBe(historyKeysOf(id).fence);
  });

  test('have no time to live', async () => {
    await store().acquire('shop-1', a, TTL_MS);
    for (const key of leaseKeysOf('shop-1')) expect(await server().redis.call('PTTL', [key])).toBe(-1);
  });
});

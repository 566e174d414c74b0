import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createRedisLeaseStore, leaseKeysOf } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import type { Renewal } from '@proxywatch/core/ports/lease-store';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { describeOnRedis, failureOf } from '../../support/redis-servers.ts';
import { tokenOf } from './lease-clock.ts';

const TTL_MS = 600_000;
const a = { memberId: 'a', advertise: 'a.example:9464' };
const ids = (count: number) => Array.from({ length: count }, (_, i) => `shop-${i}`);

describeOnRedis('all leases of a gateway', (server) => {
  async function acquireAll(count: number) {
    const leases = createRedisLeaseStore(server().redis);
    const acquire = async (proxyId: string) => ({
      proxyId,
      token: tokenOf(await leases.acquire(proxyId, a, TTL_MS)),
    });
    return Promise.all(ids(count).map(acquire));
  }

  test('are prolonged at once, and each lost one is named', async () => {
    const held = await acquireAll(200);
    const leases = createRedisLeaseStore(server().redis);
    expect(kindsOf(await leases.renewAll(held, TTL_MS))).toEqual(
      Object.fromEntries(held.map(({ proxyId }) => [proxyId, 'renewed'])),
    );
    await leases.release('shop-7', held[7]!.token);
    await server().redis.call('DEL', [leaseKeysOf('shop-9')[1]]);
    const kinds = kindsOf(await leases.renewAll(held, TTL_MS));
    expect(Object.keys(kinds)).toHaveLength(200);
    expect(Object.entries(kinds).filter(([, kind]) => kind !== 'renewed')).toEqual([
      ['shop-7', 'lost'],
      ['shop-9', 'lost'],
    ]);
  });

  test('are prolonged with a bounded number under way, and a failure of one concerns that one', async () => {
    const held = await acquireAll(1_000);
    let [underWay, most] = [0, 0];
    const watched: RedisClient = {
      ...server().redis,
      async evaluate(script, keys, args, options) {
        most = Math.max(most, ++underWay);
        try {
          if (keys[0]?.includes('shop-500}')) throw new Error('of this one only');
          return await server().redis.evaluate(script, keys, args, options);
        } finally {
          underWay -= 1;
        }
      },
    };
    const renewals = await createRedisLeaseStore(watched).renewAll(held, TTL_MS);
    expect(renewals.get('shop-500')).toEqual({ kind: 'failed', error: new Error('of this one only') });
    expect([...renewals.values()].filter(({ kind }) => kind === 'renewed')).toHaveLength(999);
    expect(most).toBeGreaterThan(100);
    expect(most).toBeLessThanOrEqual(250);
  });

  test('may be none', async () => {
    expect(await createRedisLeaseStore(server().redis).renewAll([], TTL_MS)).toEqual(new Map());
  });
});

describe('leases in a Redis that fails', () => {
  const held = ids(600).map((proxyId) => ({ proxyId, token: '1' }));

  test('are reported one by one while nothing listens', async () => {
    const redis = createRedis(`redis://127.0.0.1:${await pickFreePort()}`);
    const leases = createRedisLeaseStore(redis);
    expect(errorCodeOf(await failureOf(leases.acquire('shop-1', a, TTL_MS)))).toBe('STORE_UNAVAILABLE');
    expect(errorCodeOf(await failureOf(leases.renew('shop-1', '1', TTL_MS)))).toBe('STORE_UNAVAILABLE');
    expect(errorCodeOf(await failureOf(leases.release('shop-1', '1')))).toBe('STORE_UNAVAILABLE');
    const renewals = await leases.renewAll(held, TTL_MS);
    expect(renewals.size).toBe(600);
    for (const renewal of renewals.values())
      expect(errorCodeOf(renewal.kind === 'failed' && renewal.error)).toBe('STORE_UNAVAILABLE');
    await redis.close();
  });

  test('are given up when Redis accepts and never answers, or when the caller does', async () => {
    const mute = createServer((socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const url = `redis://127.0.0.1:${(mute.address() as AddressInfo).port}?cluster=false`;
    const impatient = createRedis(url, { commandTimeoutMs: 100 });
    const failed = await createRedisLeaseStore(impatient).renewAll(held, TTL_MS);
    expect(new Set(Object.values(kindsOf(failed)))).toEqual(new Set(['failed']));
    await impatient.close();

    const patient = createRedis(url);
    const giveUp = new AbortController();
    const renewals = createRedisLeaseStore(patient).renewAll(held, TTL_MS, giveUp.signal);
    const reason = new Error('enough');
    giveUp.abort(reason);
    expect([...(await renewals).values()]).toEqual(held.map(() => ({ kind: 'failed', error: reason })));
    await patient.close();
    mute.close();
  });
});

function kindsOf(renewals: ReadonlyMap<string, Renewal>): Record<string, string> {
  return Object.fromEntries([...renewals].map(([proxyId, { kind }]) => [proxyId, kind]));
}

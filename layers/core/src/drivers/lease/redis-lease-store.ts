import type { LeaseStore, Renewal } from '../../ports/lease-store.ts';
import { proxyTagOf } from '../redis/proxy-keys.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { ACQUIRE, RELEASE, RENEW } from './lease-scripts.ts';

/** Renewals under way at once: all those of a usual gateway in one round trip, and never all of a huge one. */
const RENEWALS_AT_ONCE = 250;

/** Lease and fence of a proxy, in the order of the scripts. */
export function leaseKeysOf(proxyId: string): [lease: string, fence: string] {
  const tag = proxyTagOf(proxyId);
  return [`${tag}:lease`, `${tag}:fence`];
}

/** Leases in Redis, each beside the history that it guards. */
export function createRedisLeaseStore(redis: RedisClient): LeaseStore {
  async function renew(proxyId: string, token: string, ttlMs: number, signal?: AbortSignal): Promise<boolean> {
    return (await redis.evaluate(RENEW, leaseKeysOf(proxyId), [token, ttlMs], { signal })) === 1;
  }

  return {
    async acquire(proxyId, { memberId, advertise }, ttlMs, signal, isKnown = false) {
      const args = [memberId, advertise, ttlMs, isKnown ? 'known' : 'new'];
      const reply = await redis.evaluate(ACQUIRE, leaseKeysOf(proxyId), args, { signal });
      const [kind, ...rest] = Array.isArray(reply) ? reply.map(String) : [];
      if (kind === 'acquired') return { kind, token: rest[0] ?? '' };
      if (kind === 'forgotten') return { kind };
      const [holder = '', address = '', remainingMs] = rest;
      return { kind: 'held', by: { memberId: holder, advertise: address }, remainingMs: Number(remainingMs) };
    },

    renew,

    async renewAll(leases, ttlMs, signal) {
      const renewals = new Map<string, Renewal>();
      // Workers that share one iterator: each takes the next lease as soon as it is through with one.
      const queue = leases.values();
      async function work(): Promise<void> {
        for (const { proxyId, token } of queue)
          renewals.set(proxyId, await renewalOf(renew(proxyId, token, ttlMs, signal)));
      }
      await Promise.all(Array.from({ length: Math.min(RENEWALS_AT_ONCE, leases.length) }, work));
      return renewals;
    },

    async release(proxyId, token, signal) {
      return (await redis.evaluate(RELEASE, leaseKeysOf(proxyId), [token], { signal })) === 1;
    },
  };
}

async function renewalOf(renewed: Promise<boolean>): Promise<Renewal> {
  try {
    return { kind: (await renewed) ? 'renewed' : 'lost' };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

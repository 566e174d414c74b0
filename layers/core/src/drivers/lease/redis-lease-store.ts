import type { LeaseStore, Renewal } from '../../ports/lease-store.ts';
import { type KeyScope, proxyTagOf } from '../redis/proxy-keys.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { ACQUIRE, RELEASE, RENEW } from './lease-scripts.ts';

/** Renewals under way at once: all those of a usual gateway in one round trip, and never all of a huge one. */
const RENEWALS_AT_ONCE = 250;

/** Lease and fence of a proxy, in the order of the scripts. */
export function leaseKeysOf(proxyId: string, scope?: KeyScope): [lease: string, fence: string] {
  const tag = proxyTagOf(proxyId, scope);
  return [`${tag}:lease`, `${tag}:fence`];
}

export interface LeaseStoreOptions {
  /** Whose leases: a gateway and the scanner each have their own on a proxy. @default 'gateway' */
  readonly scope?: KeyScope;
}

/** Leases in Redis, each beside the history that it guards. */
export function createRedisLeaseStore(redis: RedisClient, { scope }: LeaseStoreOptions = {}): LeaseStore {
  const keysOf = (proxyId: string) => leaseKeysOf(proxyId, scope);

  async function renew(proxyId: string, token: string, ttlMs: number, signal?: AbortSignal): Promise<boolean> {
    return (await redis.evaluate(RENEW, keysOf(proxyId), [token, ttlMs], { signal })) === 1;
  }

  return {
    async acquire(proxyId, { memberId, advertise }, ttlMs, signal, isKnown = false) {
      const args = [memberId, advertise, ttlMs, isKnown ? 'known' : 'new'];
      const reply = await redis.evaluate(ACQUIRE, keysOf(proxyId), args, { signal });
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
      return (await redis.evaluate(RELEASE, keysOf(proxyId), [token], { signal })) === 1;
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

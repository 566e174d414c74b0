import { createRedisHistoryStore } from '@proxywatch/core/drivers/history/redis-history-store';
import { createRedisLeaseStore } from '@proxywatch/core/drivers/lease/redis-lease-store';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import type { HistoryStore } from '@proxywatch/core/ports/history-store';

const OWNER = { memberId: 'writer', advertise: 'writer.example:9464' };
const TTL_MS = 600_000;

/** Histories in Redis with their leases; each claim takes the lease anew, as another life of the same writer would. */
export function createLeasedHistoryStore(redis: RedisClient): HistoryStore {
  const leases = createRedisLeaseStore(redis);
  return {
    ...createRedisHistoryStore(redis),
    async claim(proxyId, signal) {
      const acquired = await leases.acquire(proxyId, OWNER, TTL_MS, signal);
      if (acquired.kind !== 'acquired') throw new Error(`the lease of ${proxyId} is ${acquired.kind}`);
      return acquired.token;
    },
  };
}

import { leaseKeysOf } from '@proxywatch/core/drivers/lease/redis-lease-store';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import type { HistoryWrite } from '@proxywatch/core/ports/history-store';
import type { Acquired } from '@proxywatch/core/ports/lease-store';

/** Lets time pass for a lease without waiting for it; the format is that of docs/redis.md. */
export async function passLeaseTime(redis: RedisClient, proxyId: string, ms: number): Promise<void> {
  const [lease] = leaseKeysOf(proxyId);
  await redis.call('HINCRBY', [lease, 'untilMs', -ms]);
}

export function tokenOf(acquired: Acquired): string {
  if (acquired.kind !== 'acquired') throw new Error(`not acquired: ${JSON.stringify(acquired)}`);
  return acquired.token;
}

/** A write of the smallest history there is. */
export function writeWith(token: string): HistoryWrite {
  const none = new Map<string, string>();
  const batch = {
    replaces: 'everything',
    meta: 'm',
    rows: none,
    deletedRows: [],
    series: none,
    deletedSeries: [],
    errors: none,
  } as const;
  return { token, revision: undefined, readAgeMs: 0, batch };
}

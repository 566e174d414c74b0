import { errorCodeOf, messageOf, ProxywatchError } from '../../domain/errors.ts';
import type { ScanBatch, ScanRecord, StatusRecord } from '../../domain/scan/scan-record.ts';
import type { Sink } from '../../ports/sink.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { redisScript } from '../redis/redis-script.ts';
import { sinkKeyOf } from './scan-keys.ts';

export interface RedisSinkOptions {
  /** How long a status is shown when no newer one comes. */
  readonly ttlMs: number;
  /** Latest records kept of each other collector that is routed here, for each proxy. @default 1000 */
  readonly maxRecords?: number;
  /** How long they are kept after the latest. @default 24 hours */
  readonly recordsTtlMs?: number;
}

/** Statuses asked for at once. */
const READS_AT_ONCE = 100;

// KEYS 1: sorted set. ARGV 1: most records, 2: ttlMs, then scores and records. The same record again is the same member.
const ADD_RECORDS = redisScript(`
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then redis.call('UNLINK', KEYS[1]) end
for i = 3, #ARGV, 2 do redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[1]) - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`);

/**
 * The latest status of each proxy, until it expires; and of what else is routed here the latest records. These keys have a
 * time to live, and a managed Redis may evict them when memory runs short: the next run writes them again.
 */
export function createRedisSink(redis: RedisClient, options: RedisSinkOptions): Sink {
  const { ttlMs, maxRecords = 1_000, recordsTtlMs = 86_400_000 } = options;

  async function put({ proxy, collector, records }: ScanBatch, signal: AbortSignal | undefined): Promise<void> {
    const key = sinkKeyOf(proxy, collector);
    if (collector === 'status') {
      await redis.call('SET', [key, JSON.stringify(records.at(-1)), 'PX', ttlMs], { signal });
    } else {
      const members = records.slice(-maxRecords).flatMap((record) => [record.observedAtMs, JSON.stringify(record)]);
      await redis.evaluate(ADD_RECORDS, [key], [maxRecords, recordsTtlMs, ...members], { signal });
    }
  }

  return {
    name: 'redis',
    async write(batch, signal) {
      if (batch.records.length === 0) return;
      try {
        await put(batch, signal);
      } catch (error) {
        if (errorCodeOf(error) !== 'STORE_UNAVAILABLE') throw error;
        throw new ProxywatchError('SINK_UNAVAILABLE', messageOf(error));
      }
    },
    // The client belongs to whoever made it.
    async close() {},
  };
}

/** The latest statuses of proxies; one that is expired, was never written or cannot be read is missing. */
export async function fetchStatuses(
  redis: RedisClient,
  proxyIds: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, StatusRecord>> {
  const statuses = new Map<string, StatusRecord>();
  // Workers that share one iterator: proxies live on different nodes of a cluster, so each is asked for on its own.
  const queue = proxyIds.values();
  async function work(): Promise<void> {
    for (const proxyId of queue) {
      const status = parseStatus(proxyId, await redis.call('GET', [sinkKeyOf(proxyId, 'status')], { signal }));
      if (status) statuses.set(proxyId, status);
    }
  }
  await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, proxyIds.length) }, work));
  return statuses;
}

function parseStatus(proxyId: string, reply: unknown): StatusRecord | undefined {
  if (typeof reply !== 'string') return undefined;
  try {
    const record: unknown = JSON.parse(reply);
    return isStatusOf(record, proxyId) ? record : undefined;
  } catch {
    return undefined;
  }
}

function isStatusOf(value: unknown, proxyId: string): value is StatusRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, proxy, reachable }: Partial<Record<keyof StatusRecord, unknown>> = value;
  const status: ScanRecord['kind'] = 'status';
  return kind === status && proxy === proxyId && typeof reachable === 'boolean';
}

import type { RedisClient } from '../redis/redis-client.ts';
import { historyKeysOf } from './redis-history-store.ts';

/** How much is remembered of a proxy. */
export interface HistorySize {
  /** Digest rows as they were read last. */
  readonly rows: number;
  /** Series that count them, exposed or not. */
  readonly series: number;
  readonly errors: number;
  /** When the proxy was read for it, epoch milliseconds of Redis' clock. */
  readonly readAtMs: number;
}

/** Histories asked for at once. */
const AT_ONCE = 100;

/** The sizes of the gateways' histories of proxies; one that is not there or cannot be read is missing. */
export async function fetchHistorySizes(
  redis: RedisClient,
  proxyIds: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, HistorySize>> {
  const sizes = new Map<string, HistorySize>();
  // Workers that share one iterator: proxies live on different nodes of a cluster, so each is asked for on its own.
  const queue = proxyIds.values();
  async function work(): Promise<void> {
    for (const proxyId of queue) {
      const { meta } = historyKeysOf(proxyId);
      const size = parseSize(await redis.call('HMGET', [meta, 'counts', 'readAtUs'], { signal }));
      if (size) sizes.set(proxyId, size);
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, proxyIds.length) }, work));
  return sizes;
}

function parseSize(reply: unknown): HistorySize | undefined {
  const [counts, readAtUs] = Array.isArray(reply) ? reply.map(String) : [];
  const [, rows, series, errors] = /^(\d{1,12}),(\d{1,12}),(\d{1,12})$/.exec(counts ?? '') ?? [];
  if (rows === undefined || !/^\d{1,17}$/.test(readAtUs ?? '')) return undefined;
  const readAtMs = Math.floor(Number(readAtUs) / 1_000);
  return { rows: Number(rows), series: Number(series), errors: Number(errors), readAtMs };
}

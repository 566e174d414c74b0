import { fnv1a64, mix64 } from '../ownership/hash64.ts';
import type { DueCollectors } from './plan-tick.ts';

export interface BatchLimits {
  /** Up to so many due proxies, each is a batch of its own. */
  readonly singlesUpTo: number;
  /** Proxies in a batch where there are more. */
  readonly batchSize: number;
  /** Of the batch as JSON in UTF-8; one proxy is a batch whatever its size. */
  readonly maxBytes: number;
}

/** Lambda takes asynchronous payloads of up to 256 kB; some of that is left for what stands around the proxies. */
export const BATCH_LIMITS: BatchLimits = { singlesUpTo: 200, batchSize: 25, maxBytes: 240_000 };

/**
 * Due proxies in batches of one invocation each. They begin at another proxy at every tick: when time does not suffice for
 * all, it is not always the same ones that go without.
 */
export function batchesOf(
  due: readonly DueCollectors[],
  tickMs: number,
  { singlesUpTo, batchSize, maxBytes }: BatchLimits = BATCH_LIMITS,
): DueCollectors[][] {
  const size = due.length > singlesUpTo ? batchSize : 1;
  const batches: DueCollectors[][] = [];
  let batch: DueCollectors[] = [];
  let bytes = 0;
  for (const one of rotated(due, tickMs)) {
    const more = jsonBytesOf(one) + ','.length;
    if (batch.length > 0 && (batch.length >= size || bytes + more > maxBytes)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(one);
    bytes += more;
  }
  return batch.length === 0 ? batches : [...batches, batch];
}

function rotated<T>(items: readonly T[], tickMs: number): readonly T[] {
  const first = items.length === 0 ? 0 : mix64(fnv1a64(String(tickMs))).high % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

function jsonBytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

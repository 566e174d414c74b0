import { ProxywatchError } from '../../domain/errors.ts';
import type { RedisArgument, RedisClient, RedisScript } from '../redis/redis-client.ts';

export interface Limits {
  readonly signal: AbortSignal | undefined;
  /** @default 2000 */
  readonly limitMs?: number;
}

/** A Redis client with a time limit for each call; who exceeds it rejects with STORE_UNAVAILABLE. */
export interface LimitedRedis {
  call(command: string, args: readonly RedisArgument[], limits: Limits): Promise<unknown>;
  evaluate(
    script: RedisScript,
    keys: readonly string[],
    args: readonly RedisArgument[],
    limits: Limits,
  ): Promise<unknown>;
}

export function limitCalls(redis: RedisClient): LimitedRedis {
  return {
    call: (command, args, limits) => within(limits, (signal) => redis.call(command, args, { signal })),
    evaluate: (script, keys, args, limits) =>
      within(limits, (signal) => redis.evaluate(script, keys, args, { signal })),
  };
}

async function within<T>({ signal, limitMs = 2_000 }: Limits, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const giveUp = () =>
    limit.abort(
      new ProxywatchError('STORE_UNAVAILABLE', `the history store did not answer within ${Math.ceil(limitMs)} ms`),
    );
  // After a busy stretch of ours, timers fire before what has arrived meanwhile is read: the answer gets its turn first.
  const timer = setTimeout(() => setImmediate(giveUp), limitMs);
  try {
    return await call(signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]));
  } finally {
    clearTimeout(timer);
  }
}

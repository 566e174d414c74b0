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
  const limit = AbortSignal.timeout(Math.ceil(limitMs));
  try {
    return await call(signal === undefined ? limit : AbortSignal.any([signal, limit]));
  } catch (error) {
    if (error !== limit.reason) throw error;
    throw new ProxywatchError('STORE_UNAVAILABLE', `the history store did not answer within ${Math.ceil(limitMs)} ms`);
  }
}

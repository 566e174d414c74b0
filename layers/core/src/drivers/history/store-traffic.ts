import type { StoreOperation, Traffic } from '../../ports/history-store.ts';
import type { RedisArgument, RedisScript } from '../redis/redis-client.ts';
import type { LimitedRedis, Limits } from './limited-redis.ts';

/** The calls of one kind of operation. */
export type Calls = Pick<LimitedRedis, 'call' | 'evaluate'>;

/** Counts calls and bytes of payload, by kind of operation; what the protocol puts around them is not counted. */
export class StoreTraffic {
  readonly counted = new Map<StoreOperation, Traffic>();
  readonly #redis: LimitedRedis;

  constructor(redis: LimitedRedis) {
    this.#redis = redis;
  }

  of(operation: StoreOperation): Calls {
    return {
      call: async (command: string, args: readonly RedisArgument[], limits: Limits) => {
        const reply = await this.#redis.call(command, args, limits);
        this.#count(operation, sizeOf(args), sizeOf(reply));
        return reply;
      },
      evaluate: async (
        script: RedisScript,
        keys: readonly string[],
        args: readonly RedisArgument[],
        limits: Limits,
      ) => {
        const reply = await this.#redis.evaluate(script, keys, args, limits);
        this.#count(operation, script.sha1.length + sizeOf(keys) + sizeOf(args), sizeOf(reply));
        return reply;
      },
    };
  }

  #count(operation: StoreOperation, sentBytes: number, receivedBytes: number): void {
    const before = this.counted.get(operation) ?? { calls: 0, sentBytes: 0, receivedBytes: 0 };
    this.counted.set(operation, {
      calls: before.calls + 1,
      sentBytes: before.sentBytes + sentBytes,
      receivedBytes: before.receivedBytes + receivedBytes,
    });
  }
}

/** Bytes of a value, nested lists included; almost all is ASCII. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value.length;
  if (!Array.isArray(value)) return 0;
  let size = 0;
  for (const part of value) size += sizeOf(part);
  return size;
}

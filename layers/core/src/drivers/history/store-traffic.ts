import type { StoreOperation, Traffic } from '../../ports/history-store.ts';
import { payloadSizeOf } from '../redis/payload-size.ts';
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
        this.#count(operation, payloadSizeOf(args), payloadSizeOf(reply));
        return reply;
      },
      evaluate: async (
        script: RedisScript,
        keys: readonly string[],
        args: readonly RedisArgument[],
        limits: Limits,
      ) => {
        const reply = await this.#redis.evaluate(script, keys, args, limits);
        this.#count(operation, script.sha1.length + payloadSizeOf(keys) + payloadSizeOf(args), payloadSizeOf(reply));
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

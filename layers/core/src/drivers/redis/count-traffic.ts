import { payloadSizeOf } from './payload-size.ts';
import type { RedisClient } from './redis-client.ts';

/** What went over a client since it was made. */
export interface RedisTraffic {
  /** Calls that were answered, and those that failed in whatever way. */
  operations: number;
  failures: number;
  /** Bytes of keys, arguments and replies. */
  sentBytes: number;
  receivedBytes: number;
}

export interface CountedRedis {
  readonly redis: RedisClient;
  readonly traffic: Readonly<RedisTraffic>;
}

/** The same client for one purpose, whose traffic is counted apart from that of others. */
export function countTraffic(redis: RedisClient): CountedRedis {
  const traffic = { operations: 0, failures: 0, sentBytes: 0, receivedBytes: 0 };

  async function count(reply: Promise<unknown>, sentBytes: number): Promise<unknown> {
    traffic.sentBytes += sentBytes;
    try {
      const received = await reply;
      traffic.operations++;
      traffic.receivedBytes += payloadSizeOf(received);
      return received;
    } catch (error) {
      traffic.failures++;
      throw error;
    }
  }

  return {
    redis: {
      address: redis.address,
      call: (command, args, options) => count(redis.call(command, args, options), command.length + payloadSizeOf(args)),
      evaluate: (script, keys, args, options) =>
        count(
          redis.evaluate(script, keys, args, options),
          script.sha1.length + payloadSizeOf(keys) + payloadSizeOf(args),
        ),
      close: () => redis.close(),
    },
    traffic,
  };
}

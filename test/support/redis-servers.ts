import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisArgument, RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { startRedis } from '../../infra/local/services/redis.ts';
import type { Service } from '../../infra/local/services/service.ts';
import { startRedisCluster } from './redis-cluster.ts';

export interface TestRedis {
  readonly redis: RedisClient;
  readonly url: string;
}

/** Of one request; those of ElastiCache Serverless, https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/RedisConfiguration.html */
const MOST_ARGUMENTS = 3_999;

/** Runs a suite over one server and over a cluster, each test with an empty one, with the limits of a managed Redis. */
export function describeOnRedis(name: string, suite: (test: () => TestRedis) => void): void {
  describe.each([
    ['one server', () => startRedis()],
    ['a cluster', () => startRedisCluster()],
  ])(`${name} in Redis as %s`, (_, start) => {
    let server: Service;
    let redis: RedisClient;
    beforeAll(async () => {
      server = await start();
      redis = limitedAsManaged(createRedis(server.url));
    });
    afterAll(async () => {
      await redis?.close();
      await server?.stop();
    });
    beforeEach(() => emptyRedis(redis));
    suite(() => ({ redis, url: server.url }));
  });
}

/** Local servers take any number of arguments. */
function limitedAsManaged(redis: RedisClient): RedisClient {
  const check = (args: readonly RedisArgument[]) => {
    if (args.length > MOST_ARGUMENTS) throw new Error(`ERR a managed Redis takes no ${args.length} arguments`);
  };
  return {
    ...redis,
    async call(command, args, options) {
      check([command, ...args]);
      return redis.call(command, args, options);
    },
    async evaluate(script, keys, args, options) {
      check(['EVALSHA', script.sha1, keys.length, ...keys, ...args]);
      return redis.evaluate(script, keys, args, options);
    },
  };
}

/** Forgets everything, as a Redis that was restarted does. */
export async function emptyRedis(redis: RedisClient): Promise<void> {
  await redis.call('FLUSHALL', []);
}

export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

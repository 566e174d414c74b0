import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { startRedis } from '../../infra/local/services/redis.ts';
import type { Service } from '../../infra/local/services/service.ts';
import { startRedisCluster } from './redis-cluster.ts';

export interface TestRedis {
  readonly redis: RedisClient;
  readonly url: string;
}

/** Runs a suite over one server and over a cluster, each test with an empty one. */
export function describeOnRedis(name: string, suite: (test: () => TestRedis) => void): void {
  describe.each([
    ['one server', () => startRedis()],
    ['a cluster', () => startRedisCluster()],
  ])(`${name} in Redis as %s`, (_, start) => {
    let server: Service;
    let redis: RedisClient;
    beforeAll(async () => {
      server = await start();
      redis = createRedis(server.url);
    });
    afterAll(async () => {
      await redis?.close();
      await server?.stop();
    });
    beforeEach(() => emptyRedis(redis));
    suite(() => ({ redis, url: server.url }));
  });
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

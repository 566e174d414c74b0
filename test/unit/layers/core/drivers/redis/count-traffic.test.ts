import { expect, test } from '@jest/globals';
import { countTraffic } from '../../../../../../layers/core/src/drivers/redis/count-traffic.ts';
import type { RedisClient } from '../../../../../../layers/core/src/drivers/redis/redis-client.ts';
import { redisScript } from '../../../../../../layers/core/src/drivers/redis/redis-script.ts';

const script = redisScript('return 1');

function clientThatAnswers(reply: () => Promise<unknown>): RedisClient {
  return { address: 'redis:6379', call: reply, evaluate: reply, close: async () => undefined };
}

test('calls are counted with the bytes of their keys, arguments and replies, both ways', async () => {
  const { redis, traffic } = countTraffic(clientThatAnswers(async () => ['abc', [Buffer.alloc(5), 7, null]]));
  expect(await redis.call('GET', ['key'])).toEqual(['abc', [Buffer.alloc(5), 7, null]]);
  expect(traffic).toEqual({ operations: 1, failures: 0, sentBytes: 6, receivedBytes: 9 });
  await redis.evaluate(script, ['key'], ['argument', 12, Buffer.alloc(3)]);
  expect(traffic).toEqual({ operations: 2, failures: 0, sentBytes: 6 + 40 + 3 + 13, receivedBytes: 18 });
});

test('calls that fail are counted apart, and fail as they are', async () => {
  const failure = new Error('away');
  const { redis, traffic } = countTraffic(clientThatAnswers(() => Promise.reject(failure)));
  await expect(redis.call('GET', ['key'])).rejects.toBe(failure);
  expect(traffic).toEqual({ operations: 0, failures: 1, sentBytes: 6, receivedBytes: 0 });
});

test('several purposes over one client are counted each on its own', async () => {
  const client = clientThatAnswers(async () => 'x');
  const [leases, registry] = [countTraffic(client), countTraffic(client)];
  await leases.redis.call('GET', ['key']);
  expect([leases.traffic.operations, registry.traffic.operations]).toEqual([1, 0]);
});

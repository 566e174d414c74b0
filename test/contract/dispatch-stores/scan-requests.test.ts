import { expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createRedisScanRequests } from '@proxywatch/core/drivers/dispatch/redis-scan-requests';
import { REQUESTED_KEY } from '@proxywatch/core/drivers/dispatch/scan-keys';
import { describeOnRedis, failureOf } from '../../support/redis-servers.ts';

describeOnRedis('what somebody wants to be scanned', (server) => {
  const create = () => createRedisScanRequests(server().redis);

  test('adds up until it is taken up', async () => {
    const requests = create();
    await requests.request(['a', 'b'], ['status']);
    await requests.request(['b'], ['sqlStats', 'keyLogs']);
    await requests.request([], ['status']);
    const found = await requests.fetchAll();
    expect([...found].map(([id, { collectors }]) => [id, [...collectors]])).toEqual([
      ['a', ['status']],
      ['b', ['status', 'sqlStats', 'keyLogs']],
    ]);
    await requests.settle(found);
    expect(await requests.fetchAll()).toEqual(new Map());
  });

  test('stays when it is asked for again before it was settled', async () => {
    const requests = create();
    await requests.request(['a', 'b'], ['status']);
    const found = await requests.fetchAll();
    await requests.request(['b'], ['keyLogs']);
    await requests.settle(found);
    expect([...(await requests.fetchAll()).keys()]).toEqual(['b']);
  });

  test('is bounded, and the same proxy asked for over and over takes no more room', async () => {
    const requests = create();
    const many = Array.from({ length: 9_999 }, (_, i) => `p${i}`);
    await requests.request(many, ['status']);
    for (let i = 0; i < 200; i++)
      await requests.request(['last'], ['slowTransactions', 'status']).catch(() => undefined);
    expect(errorCodeOf(await failureOf(requests.request(['x', 'y'], ['status'])))).toBe('FLEET_TOO_LARGE');
    expect((await requests.fetchAll()).size).toBe(10_000);
  });

  test('that is damaged, or older than anybody waits for, asks for nothing', async () => {
    const { redis } = server();
    const old = `${Date.now() - 3_600_000} status`;
    await redis.call('HSET', [REQUESTED_KEY, 'old', old, 'broken', 'x', 'strange', `${Date.now()} telepathy,status`]);
    const requests = create();
    const found = await requests.fetchAll();
    expect([...found].map(([id, { collectors }]) => [id, [...collectors]])).toEqual([
      ['old', []],
      ['broken', []],
      ['strange', ['status']],
    ]);
    await requests.settle(found);
    await redis.call('SET', [REQUESTED_KEY, 'no hash']);
    expect(await requests.fetchAll()).toEqual(new Map());
    await requests.request(['a'], ['status']);
    expect((await requests.fetchAll()).size).toBe(1);
  });
});

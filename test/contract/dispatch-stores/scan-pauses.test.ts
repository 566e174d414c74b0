import { expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createRedisScanPauses } from '@proxywatch/core/drivers/dispatch/redis-scan-pauses';
import { createRedisScanRuns } from '@proxywatch/core/drivers/dispatch/redis-scan-runs';
import { LAST_RUN_KEY, PAUSED_KEY } from '@proxywatch/core/drivers/dispatch/scan-keys';
import { describeOnRedis, failureOf } from '../../support/redis-servers.ts';
import { scanRunOf } from '../../support/scan-requests.ts';

describeOnRedis('pauses of the scanner', (server) => {
  const create = () => createRedisScanPauses(server().redis);

  test('stand until they are resumed, or their time is over', async () => {
    const pauses = create();
    await pauses.pause({ kind: 'proxy', name: 'shop:1' }, undefined);
    await pauses.pause({ kind: 'namespace', name: 'shop' }, 3_600_000);
    await pauses.pause({ kind: 'collector', name: 'slowSql' }, undefined);
    await pauses.pause({ kind: 'proxy', name: 'short' }, 0);
    expect(await pauses.fetchAll()).toEqual({
      proxies: new Set(['shop:1']),
      namespaces: new Set(['shop']),
      collectors: new Set(['slowSql']),
    });
    // What ended is gone from Redis too.
    expect(await server().redis.call('HLEN', [PAUSED_KEY])).toBe(3);
    await pauses.resume({ kind: 'proxy', name: 'shop:1' });
    await pauses.resume({ kind: 'proxy', name: 'never-paused' });
    expect((await pauses.fetchAll()).proxies).toEqual(new Set());
  });

  test('are bounded, but one that stands may be changed', async () => {
    const { redis } = server();
    const many = Array.from({ length: 10_000 }, (_, i) => [`proxy:p${i}`, '-']).flat();
    for (let i = 0; i < many.length; i += 2_000) await redis.call('HSET', [PAUSED_KEY, ...many.slice(i, i + 2_000)]);
    const pauses = create();
    expect(errorCodeOf(await failureOf(pauses.pause({ kind: 'proxy', name: 'more' }, 1_000)))).toBe('FLEET_TOO_LARGE');
    await pauses.pause({ kind: 'proxy', name: 'p1' }, 0);
    expect((await pauses.fetchAll()).proxies.size).toBe(9_999);
  });

  test('that are damaged count as none', async () => {
    const { redis } = server();
    await redis.call('HSET', [PAUSED_KEY, 'proxy:a', 'soon', 'proxy:b', '-']);
    expect((await create().fetchAll()).proxies).toEqual(new Set(['b']));
    await redis.call('DEL', [PAUSED_KEY]);
    await redis.call('SET', [PAUSED_KEY, 'text']);
    expect((await create().fetchAll()).proxies).toEqual(new Set());
    await redis.call('SET', [PAUSED_KEY, 'text']);
    await create().pause({ kind: 'proxy', name: 'a' }, undefined);
    expect((await create().fetchAll()).proxies).toEqual(new Set(['a']));
  });
});

describeOnRedis('the last run', (server) => {
  test('stands in Redis as JSON, the newest alone', async () => {
    const runs = createRedisScanRuns(server().redis);
    await runs.record(scanRunOf(0));
    await runs.record(scanRunOf(60_000));
    expect(JSON.parse(String(await server().redis.call('GET', [LAST_RUN_KEY])))).toEqual(scanRunOf(60_000));
  });
});

import { expect, test } from '@jest/globals';
import type { StatusRecord } from '@proxywatch/core/domain/scan/scan-record';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createRedisSink, fetchStatuses } from '@proxywatch/core/drivers/scan/redis-sink';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { describeOnRedis } from '../../support/redis-servers.ts';
import { until } from '../../support/until.ts';
import { batchOf, PROXY, recordOf } from './batches.ts';

const TTL_MS = 600_000;
const status = (proxy: string, observedAtMs: number): StatusRecord => ({
  kind: 'status',
  eventId: 'e',
  proxy,
  namespace: 'shop',
  observedAtMs,
  reachable: false,
  problem: 'PROXY_UNREACHABLE: connection refused',
});
const statusBatch = (proxy: string, observedAtMs: number) =>
  ({ ...batchOf('s', 'status'), proxy, records: [status(proxy, observedAtMs)] }) as const;

describeOnRedis('records', (server) => {
  const key = (name: string) => `{pw:${PROXY}}:scan:${name}`;

  test('of status are the latest of each proxy, until they expire', async () => {
    const { redis } = server();
    const sink = createRedisSink(redis, { ttlMs: TTL_MS });
    await sink.write(statusBatch('shop-1', 1));
    await sink.write(statusBatch('shop-1', 2));
    await sink.write(statusBatch('a b/c', 3));
    const ids = ['shop-1', 'a b/c', 'never-seen'];
    expect(await fetchStatuses(redis, ids)).toEqual(
      new Map([
        ['shop-1', status('shop-1', 2)],
        ['a b/c', status('a b/c', 3)],
      ]),
    );
    expect(Number(await redis.call('PTTL', [key('status')]))).toBeGreaterThan(TTL_MS / 2);
    await createRedisSink(redis, { ttlMs: 1 }).write(statusBatch('shop-1', 4));
    await until('the status expires', async () => !(await fetchStatuses(redis, ids)).has('shop-1'));
  });

  test('of status that cannot be read, or are those of another proxy, count as missing', async () => {
    const { redis } = server();
    await redis.call('SET', [key('status'), '{']);
    expect(await fetchStatuses(redis, [PROXY])).toEqual(new Map());
    await redis.call('SET', [key('status'), JSON.stringify(status('other', 1))]);
    expect(await fetchStatuses(redis, [PROXY])).toEqual(new Map());
  });

  test('of other collectors are the latest ones, each once however often it comes', async () => {
    const { redis } = server();
    const sink = createRedisSink(redis, { ttlMs: 1, maxRecords: 3, recordsTtlMs: TTL_MS });
    await redis.call('SET', [key('key-logs'), 'something else']);
    const records = ['a', 'b', 'c', 'd'].map((name, i) => ({ ...recordOf(name), observedAtMs: i }));
    for (let i = 0; i < 2; i++) await sink.write({ ...batchOf('x'), records });
    const members = (await redis.call('ZRANGE', [key('key-logs'), 0, -1])) as string[];
    expect(members.map((member) => JSON.parse(member))).toEqual(records.slice(1));
    expect(Number(await redis.call('PTTL', [key('key-logs')]))).toBeGreaterThan(TTL_MS / 2);
  });

  test('that are none leave nothing', async () => {
    const { redis } = server();
    const sink = createRedisSink(redis, { ttlMs: TTL_MS });
    await sink.write({ ...batchOf('x', 'status'), records: [] });
    expect(await redis.call('DBSIZE', [])).toBe(0);
  });
});

test('a Redis that is not there is a sink that is not available', async () => {
  const redis = createRedis(`redis://127.0.0.1:${await pickFreePort()}`);
  const written = createRedisSink(redis, { ttlMs: TTL_MS }).write(statusBatch('shop-1', 1));
  await expect(written).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE', retryable: true });
  await redis.close();
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createHttpDatabaseConfig } from '@proxywatch/core/drivers/dbconfig/http-database-config';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { type Catalogue, createCatalogue } from '../../../infra/local/dbconfig/catalogue.ts';
import { labClusters } from '../../../infra/local/dbconfig/lab-clusters.ts';
import { type DbconfigServer, startDbconfigServer } from '../../../infra/local/dbconfig/server.ts';
import { absentRedis, muteRedis } from '../../support/absent-redis.ts';
import { describeOnRedis, failureOf } from '../../support/redis-servers.ts';
import { startScriptedHttp } from '../../support/scripted-http.ts';

let catalogue: Catalogue;
let server: DbconfigServer;
beforeEach(async () => {
  catalogue = createCatalogue(labClusters('127.0.0.1', 13_306), Date.now);
  server = await startDbconfigServer({ catalogue, host: '127.0.0.1', port: 0, log: () => undefined });
});
afterEach(() => server.close());

function connect(redis: RedisClient, options: Partial<Parameters<typeof createHttpDatabaseConfig>[0]> = {}) {
  return createHttpDatabaseConfig({ url: server.url, redis, random: () => 0, ...options });
}

async function setAvailable(available: boolean): Promise<void> {
  await fetch(`${server.url}/admin/availability`, { method: 'PUT', body: JSON.stringify({ available }) });
}

describeOnRedis('the driver over the reference server', (test_) => {
  test('tells clusters, instances and changes as they are', async () => {
    const databases = connect(test_().redis);
    expect(await databases.fetchClusters()).toEqual({ value: catalogue.clusters(), staleSeconds: 0 });
    expect(await databases.fetchCluster('archive')).toEqual({ value: catalogue.cluster('archive'), staleSeconds: 0 });
    const instances = await databases.fetchInstances('shop-main');
    expect(instances).toEqual({ value: catalogue.instances('shop-main'), staleSeconds: 0 });
    expect((await databases.fetchCluster('gone')).value).toBeUndefined();
    expect((await databases.fetchInstances('gone')).value).toBeUndefined();

    const { value: before } = await databases.fetchChanges(undefined);
    expect(before?.items.map(({ kind, cluster }) => `${kind} ${cluster}`)).toEqual([
      'cluster-added shop-main',
      'cluster-added reporting-main',
      'cluster-added archive',
    ]);
    catalogue.removeInstance('shop-main', 'shop-main-2');
    const { value: after } = await databases.fetchChanges(before?.cursor);
    expect(after?.items).toEqual([expect.objectContaining({ kind: 'instance-removed', instance: 'shop-main-2' })]);
    expect((await databases.fetchChanges('another-1')).value).toBeUndefined();
  });

  test('remembers answers for when the service is away, and says how old they are', async () => {
    const { redis } = test_();
    await connect(redis).fetchClusters();
    await connect(redis).fetchInstances('archive');
    await connect(redis).fetchChanges(undefined);
    await setAvailable(false);
    // Another process has the same memory.
    const databases = connect(redis);
    expect(await databases.fetchClusters()).toEqual({ value: catalogue.clusters(), staleSeconds: 1 });
    expect(await databases.fetchInstances('archive')).toEqual({
      value: catalogue.instances('archive'),
      staleSeconds: 1,
    });
    expect((await databases.fetchChanges(undefined)).value?.items).toHaveLength(3);
    // From the list of all.
    expect(await databases.fetchCluster('archive')).toEqual({ value: catalogue.cluster('archive'), staleSeconds: 1 });
    expect(await databases.fetchCluster('gone')).toEqual({ value: undefined, staleSeconds: 1 });
    for (const question of [
      () => databases.fetchInstances('shop-main'),
      () => databases.fetchInstances('gone'),
      () => databases.fetchChanges('a-1'),
    ]) {
      const error = await failureOf(question());
      expect([errorCodeOf(error), error]).toEqual([
        'SERVICE_UNREACHABLE',
        expect.objectContaining({ service: 'dbconfig' }),
      ]);
    }
    await setAvailable(true);
    expect((await connect(redis).fetchClusters()).staleSeconds).toBe(0);
  });

  test('tells the age by the clock of Redis, and forgets what is too old', async () => {
    const { redis } = test_();
    await connect(redis).fetchClusters();
    const [seconds] = (await redis.call('TIME', [])) as [string];
    await redis.call('HSET', ['{pw:dbconfig}:clusters', 'atMs', (Number(seconds) - 3_600) * 1_000]);
    await setAvailable(false);
    const { staleSeconds } = await connect(redis).fetchClusters();
    expect(staleSeconds).toBeGreaterThanOrEqual(3_599);
    expect(staleSeconds).toBeLessThan(3_700);
    const error = await failureOf(connect(redis, { maxStaleMs: 3_000_000 }).fetchClusters());
    expect(errorCodeOf(error)).toBe('SERVICE_UNREACHABLE');
    expect(Number(await redis.call('PTTL', ['{pw:dbconfig}:clusters']))).toBeGreaterThan(0);
  });

  test('spares the transfer of what did not change, and is young again', async () => {
    const { redis } = test_();
    const statuses: number[] = [];
    let etag = '"1"';
    const service = await startScriptedHttp((request, response) => {
      statuses.push(request.headers['if-none-match'] === etag ? 304 : 200);
      response.writeHead(statuses.at(-1) ?? 0, { 'content-type': 'application/json', etag });
      response.end(statuses.at(-1) === 304 ? undefined : '{"items":[]}');
    });
    const databases = connect(redis, { url: service.url, maxAttempts: 1 });
    const first = await databases.fetchInstances('shop-main');
    const key = '{pw:dbconfig}:instances:shop-main';
    await redis.call('HSET', [key, 'atMs', Date.now() - 3_600_000]);
    expect(await databases.fetchInstances('shop-main')).toEqual(first);
    etag = '"2"';
    await databases.fetchInstances('shop-main');
    await databases.fetchInstances('shop-main');
    expect(statuses).toEqual([200, 304, 200, 304]);
    await redis.call('HSET', [key, 'atMs', Date.now() - 3_600_000]);
    await databases.fetchInstances('shop-main');
    await service.close();
    expect(await databases.fetchInstances('shop-main')).toEqual({ value: [], staleSeconds: 1 });
  });

  test('forgets a cluster that the service says is gone', async () => {
    const { redis } = test_();
    const databases = connect(redis);
    await databases.fetchInstances('archive');
    catalogue.removeCluster('archive');
    expect((await databases.fetchInstances('archive')).value).toBeUndefined();
    await setAvailable(false);
    expect(errorCodeOf(await failureOf(databases.fetchInstances('archive')))).toBe('SERVICE_UNREACHABLE');
  });

  test('counts a damaged memory as none', async () => {
    const { redis } = test_();
    const databases = connect(redis);
    const key = '{pw:dbconfig}:clusters';
    const damages: (() => Promise<unknown>)[] = [
      () => redis.call('HSET', [key, 'text', '{"items":[{}]}']),
      () => redis.call('HDEL', [key, 'text']),
      () => redis.call('HSET', [key, 'atMs', 'x']),
      () => redis.call('SET', [key, 'x']),
    ];
    for (const damage of damages) {
      await databases.fetchClusters();
      await damage();
      expect(await databases.fetchClusters()).toEqual({ value: catalogue.clusters(), staleSeconds: 0 });
      await damage();
      await setAvailable(false);
      expect(errorCodeOf(await failureOf(connect(redis).fetchClusters()))).toBe('SERVICE_UNREACHABLE');
      await setAvailable(true);
    }
  });

  test('never takes what another service said', async () => {
    const { redis } = test_();
    await connect(redis).fetchClusters();
    const elsewhere = await startDbconfigServer({
      catalogue: createCatalogue([], Date.now),
      host: '127.0.0.1',
      port: 0,
      log: () => undefined,
    });
    await elsewhere.close();
    const error = await failureOf(connect(redis, { url: elsewhere.url }).fetchClusters());
    expect(errorCodeOf(error)).toBe('SERVICE_UNREACHABLE');
  });
});

describe('without Redis', () => {
  test('the service is asked all the same, whether Redis is away or does not answer', async () => {
    for (const redis of [absentRedis(), muteRedis()]) {
      const warnings: string[] = [];
      const log = { info: () => undefined, warn: (event: string) => void warnings.push(event), error: () => undefined };
      const databases = connect(redis, { memoryTimeoutMs: 50, log });
      expect(await databases.fetchClusters()).toEqual({ value: catalogue.clusters(), staleSeconds: 0 });
      expect(warnings).toContain('dbconfig answers are not remembered');
      await setAvailable(false);
      expect(errorCodeOf(await failureOf(databases.fetchClusters()))).toBe('SERVICE_UNREACHABLE');
      await setAvailable(true);
    }
  });
});

test('a token that the service wants opens it', async () => {
  const redis = absentRedis();
  const guarded = await startDbconfigServer({
    catalogue,
    host: '127.0.0.1',
    port: 0,
    token: 'good',
    log: () => undefined,
  });
  const asking = (token: string | undefined) =>
    createHttpDatabaseConfig({ url: guarded.url, redis, token }).fetchClusters();
  expect((await asking('good')).value).toHaveLength(3);
  expect(errorCodeOf(await failureOf(asking('bad')))).toBe('SERVICE_REFUSED');
  expect(errorCodeOf(await failureOf(asking(undefined)))).toBe('SERVICE_REFUSED');
  await guarded.close();
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { createFileRegistry } from '@proxywatch/core/drivers/registry/file-registry';
import { publishRegistry } from '@proxywatch/core/drivers/registry/publish-registry';
import { createRedisRegistry, MAX_PROXIES, REGISTRY_KEY } from '@proxywatch/core/drivers/registry/redis-registry';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { describeOnRedis, failureOf } from '../../support/redis-servers.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const proxy: RegisteredProxy = {
  id: 'shop-1',
  kind: 'proxysql',
  namespace: 'shop',
  adminHost: '10.0.0.1',
  adminPort: 6032,
  adminTls: true,
  trafficHost: 'db.example',
  trafficPort: 6033,
  statsCredentialRef: 'stats',
};
const proxies = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ ...proxy, id: `p-${String(i).padStart(5, '0')}` }));

describeOnRedis('the registry', (server) => {
  test('gives what was published, by id', async () => {
    const { redis } = server();
    const registry = createRedisRegistry(redis);
    const { trafficHost: _host, trafficPort: _port, ...plain } = { ...proxy, id: 'a' };
    const edition = { proxies: [proxy, plain], source: 's', revision: 1 };
    expect(await registry.publish(edition)).toBe('published');
    expect(await registry.fetchProxies()).toEqual({
      version: expect.stringMatching(/^[0-9a-f]{32}$/),
      proxies: [plain, proxy],
      damaged: [],
    });
  });

  test('costs one small read while nothing changes, and gives the same object', async () => {
    const { redis } = server();
    const registry = createRedisRegistry(redis);
    await registry.publish({ proxies: proxies(50), source: 's', revision: 1 });
    const first = await registry.fetchProxies();
    const commands: string[] = [];
    const counting: RedisClient = {
      ...redis,
      call: (command, args, options) => {
        commands.push(command);
        return redis.call(command, args, options);
      },
    };
    const polled = createRedisRegistry(counting);
    const again = await polled.fetchProxies();
    expect(again).toEqual(first);
    expect(await polled.fetchProxies()).toBe(again);
    expect(commands).toEqual(['HGET', 'HGET']);
  });

  test('replaces everything at once, and moves its version with the content only', async () => {
    const { redis } = server();
    const [writer, reader] = [createRedisRegistry(redis), createRedisRegistry(redis)];
    await writer.publish({ proxies: proxies(3), source: 's', revision: 1 });
    const before = await reader.fetchProxies();
    expect(await writer.publish({ proxies: proxies(3).toReversed(), source: 's', revision: 2 })).toBe('unchanged');
    expect(await reader.fetchProxies()).toBe(before);
    expect(await writer.publish({ proxies: [proxy], source: 's', revision: 3 })).toBe('published');
    const after = await reader.fetchProxies();
    expect(after.proxies).toEqual([proxy]);
    expect(after.version).not.toBe(before.version);
  });

  test('does not let an older edition replace a newer one, but another database', async () => {
    const { redis } = server();
    const registry = createRedisRegistry(redis);
    await registry.publish({ proxies: [proxy], source: 's', revision: 10 });
    expect(await registry.publish({ proxies: [], source: 's', revision: 9 })).toBe('outdated');
    expect((await registry.fetchProxies()).proxies).toEqual([proxy]);
    expect(await registry.publish({ proxies: [], source: 'rebuilt', revision: 1 })).toBe('published');
    expect((await registry.fetchProxies()).proxies).toEqual([]);
  });

  test('tells an emptied Redis from an empty registry, and comes back when published again', async () => {
    const { redis } = server();
    const registry = createRedisRegistry(redis);
    const edition = { proxies: [proxy], source: 's', revision: 1 };
    await registry.publish(edition);
    await registry.fetchProxies();
    await redis.call('DEL', [REGISTRY_KEY]);
    expect(errorCodeOf(await failureOf(registry.fetchProxies()))).toBe('REGISTRY_MISSING');
    expect(await registry.publish(edition)).toBe('published');
    expect((await registry.fetchProxies()).proxies).toEqual([proxy]);
  });

  test('leaves damaged entries out and names them, the others stand', async () => {
    const { redis } = server();
    const registry = createRedisRegistry(redis);
    await registry.publish({ proxies: proxies(3), source: 's', revision: 1 });
    await redis.call('HSET', [
      REGISTRY_KEY,
      'p:p-00000',
      '{"id":',
      'p:p-00002',
      JSON.stringify({ ...proxy, id: 'p-00002', adminPort: 'x' }),
      'p:stray',
      JSON.stringify(proxy),
      'p:newer',
      JSON.stringify({ ...proxy, id: 'newer', fieldOfTomorrow: 1 }),
    ]);
    const { proxies: good, damaged } = await registry.fetchProxies();
    expect(good.map(({ id }) => id)).toEqual(['newer', 'p-00001']);
    expect(damaged.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { id: 'p-00000', problem: 'not valid JSON' },
      { id: 'p-00002', problem: '/adminPort: expected number, got string' },
      { id: 'stray', problem: '/id: expected "stray"' },
    ]);
  });

  test('carries as many proxies as it may, and refuses more', async () => {
    const { redis } = server();
    const registry = createRedisRegistry(redis);
    await registry.publish({ proxies: proxies(MAX_PROXIES), source: 's', revision: 1 });
    expect((await registry.fetchProxies()).proxies).toHaveLength(MAX_PROXIES);
    const tooMany = registry.publish({ proxies: proxies(MAX_PROXIES + 1), source: 's', revision: 2 });
    expect(errorCodeOf(await failureOf(tooMany))).toBe('REGISTRY_TOO_LARGE');
    await redis.call('HSET', [REGISTRY_KEY, 'p:one-more', '{}']);
    const tooLarge = createRedisRegistry(redis).fetchProxies();
    expect(errorCodeOf(await failureOf(tooLarge))).toBe('REGISTRY_TOO_LARGE');
  });
});

describe('the registry from the DCDB to the gateways', () => {
  let mariadb: MariadbService;
  let server: Service;
  let db: Dcdb;
  let redis: RedisClient;
  beforeAll(async () => {
    [mariadb, server] = await Promise.all([startMariadb(), startRedis()]);
    db = createDcdb(mariadb.url);
    redis = createRedis(server.url);
    await migrateDcdb(db);
  });
  afterAll(async () => {
    await Promise.all([db?.destroy(), redis?.close()]);
    await Promise.all([mariadb?.stop(), server?.stop()]);
  });

  test('follows each registration', async () => {
    const registry = createRedisRegistry(redis);
    await registerProxies(db, [proxy]);
    expect(await publishRegistry(db, registry)).toBe('published');
    expect(await publishRegistry(db, registry)).toBe('unchanged');
    await registerProxies(db, [{ ...proxy, adminPort: 6132 }, ...proxies(2)]);
    expect(await publishRegistry(db, registry)).toBe('published');
    expect((await registry.fetchProxies()).proxies).toEqual([...proxies(2), { ...proxy, adminPort: 6132 }]);
  });

  test('is the same from a file', async () => {
    const registry = createRedisRegistry(redis);
    await registerProxies(db, [proxy]);
    await publishRegistry(db, registry);
    const published = await registry.fetchProxies();
    const path = join(temporaryFolder(), 'proxies.json');
    await writeFile(path, JSON.stringify(published.proxies));
    expect(await createFileRegistry(path).fetchProxies()).toEqual(published);
  });
});

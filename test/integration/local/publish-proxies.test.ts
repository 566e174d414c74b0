import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { labAddresses } from '../../../infra/local/config.ts';
import { registrationOf } from '../../../infra/local/lab-proxies.ts';
import { migrate } from '../../../infra/local/migrate.ts';
import { keepRegistryPublished } from '../../../infra/local/publish-proxies.ts';
import { startMariadb } from '../../../infra/local/services/mariadb.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { emptyRedis, failureOf } from '../../support/redis-servers.ts';
import { until } from '../../support/until.ts';

const PROXIES = labAddresses(16_032).map(registrationOf);

let mariadb: Awaited<ReturnType<typeof startMariadb>>;

beforeAll(async () => {
  mariadb = await startMariadb();
  await migrate({ DCDB_URL: mariadb.url }, () => undefined);
});

afterAll(() => mariadb?.stop());

describe('the registry of a local run', () => {
  test('comes back after Redis was emptied, or was away', async () => {
    const server = await startRedis();
    const redis = createRedis(server.url);
    const published = async () =>
      (
        await createRedisRegistry(redis)
          .fetchProxies()
          .catch(() => undefined)
      )?.proxies.map(({ id }) => id);
    const problems: string[] = [];
    const stop = await keepRegistryPublished({ dcdbUrl: mariadb.url, redisUrl: server.url }, PROXIES, {
      signal: new AbortController().signal,
      onProblem: (problem) => problems.push(problem),
      intervalMs: 20,
    });
    let again: Service | undefined;
    try {
      expect(await published()).toEqual(['lab-1', 'lab-2', 'lab-3']);
      await emptyRedis(redis);
      await until('the registry is back', async () => (await published())?.length === 3);
      await server.stop();
      await until('the problem is told', () => problems.length > 0);
      again = await startRedis({ port: server.port });
      await until('the registry is back', async () => (await published())?.length === 3, 20_000);
      // It was tried many times meanwhile.
      expect(problems.filter((problem, i) => problem === problems[i - 1])).toEqual([]);
    } finally {
      await stop();
      await redis.close();
      await server.stop();
      await again?.stop();
    }
  });

  test('that cannot be published at first fails the start', async () => {
    const options = { signal: AbortSignal.timeout(30_000), onProblem: () => undefined };
    const stores = { dcdbUrl: mariadb.url, redisUrl: 'redis://127.0.0.1:1' };
    expect(errorCodeOf(await failureOf(keepRegistryPublished(stores, PROXIES, options)))).toBe('STORE_UNAVAILABLE');
  });
});

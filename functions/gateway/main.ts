import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { messageOf } from '@proxywatch/core/domain/errors';
import { openCredentials } from '@proxywatch/core/drivers/credentials/open-credentials';
import { createRedisHistoryStore } from '@proxywatch/core/drivers/history/redis-history-store';
import { createRedisLeaseStore } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { createProxysqlDriver } from '@proxywatch/core/drivers/proxysql/driver';
import { countTraffic } from '@proxywatch/core/drivers/redis/count-traffic';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createFileRegistry } from '@proxywatch/core/drivers/registry/file-registry';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { createAwsSecrets } from '@proxywatch/core/drivers/secrets/aws-secrets';
import { parseGatewayConfig } from './config.ts';
import { startGateway } from './gateway.ts';
import { withTaskIdentity } from './task-identity.ts';

const env = await withTaskIdentity(process.env).catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
});
const config = exitOnConfigError(() => parseGatewayConfig(env));
const log = createJsonLog((line) => process.stderr.write(line), { gateway: config.GATEWAY_ID });
const redis = createRedis(config.REDIS_URL);
// A history of a hundred thousand digests takes Redis a third of a second to write: a client of its own, with more time.
const historyRedis = createRedis(config.REDIS_URL, { commandTimeoutMs: 10_000 });
const counted = {
  registry: countTraffic(redis),
  membership: countTraffic(redis),
  lease: countTraffic(redis),
  history: countTraffic(historyRedis),
};
const proxysql = createProxysqlDriver();
const stopRequested = Promise.race(['SIGINT', 'SIGTERM'].map(nextSignal));

try {
  const gateway = await startGateway(config, {
    registry:
      config.PROXIES_FILE === undefined
        ? createRedisRegistry(counted.registry.redis)
        : createFileRegistry(config.PROXIES_FILE),
    credentials: openCredentials(config, createAwsSecrets(), log),
    store: createRedisHistoryStore(counted.history.redis),
    membership: createRedisMembershipStore(counted.membership.redis, {
      onDamaged: ({ field, problem }) => log.warn('fleet record left out', { field, problem }),
    }),
    leases: createRedisLeaseStore(counted.lease.redis),
    drivers: new Map([[proxysql.kind, proxysql]]),
    redisTraffic: new Map(Object.entries(counted).map(([purpose, { traffic }]) => [purpose, traffic])),
    log,
  });
  log.info('listening', { host: config.GATEWAY_HOST, port: gateway.port });
  log.info('stopping', { signal: await stopRequested });
  await gateway.stop();
} catch (error) {
  log.error('gateway failed', { message: messageOf(error) });
  process.exitCode = 1;
} finally {
  await Promise.all([redis.close(), historyRedis.close()]);
}

/** Further ones change nothing: the end of a parent may be told once for each of its threads, and stopping is bounded. */
function nextSignal(name: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  process.on(name, () => resolve(name));
  return promise;
}

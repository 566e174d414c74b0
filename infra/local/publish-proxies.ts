import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { createDcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { publishRegistry } from '@proxywatch/core/drivers/registry/publish-registry';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';

export interface RegistryStores {
  readonly dcdbUrl: string;
  readonly redisUrl: string;
}

/** Registers the proxies in the DCDB and publishes its whole registry to Redis, where gateways find it. */
export async function publishProxies(
  { dcdbUrl, redisUrl }: RegistryStores,
  proxies: readonly RegisteredProxy[],
  signal: AbortSignal,
): Promise<void> {
  const db = createDcdb(dcdbUrl, { maxConnections: 1 });
  const redis = createRedis(redisUrl);
  try {
    await registerProxies(db, proxies, signal);
    await publishRegistry(db, createRedisRegistry(redis), signal);
  } finally {
    await redis.close();
    await db.destroy();
  }
}

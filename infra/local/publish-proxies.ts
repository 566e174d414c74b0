import { setTimeout } from 'node:timers/promises';
import { messageOf } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { createDcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { publishRegistry } from '@proxywatch/core/drivers/registry/publish-registry';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';

const INTERVAL_MS = 5_000;

export interface RegistryStores {
  readonly dcdbUrl: string;
  readonly redisUrl: string;
}

export interface PublishingOptions {
  /** Gives up the start; afterwards only `stop` ends the publishing. */
  readonly signal: AbortSignal;
  /** Hears, once, of each problem that keeps the registry from being published. */
  readonly onProblem: (problem: string) => void;
  /** @default 5,000 */
  readonly intervalMs?: number;
}

/**
 * Registers the proxies in the DCDB and publishes its whole registry to Redis, where gateways find it; again every few
 * seconds, so that it is back soon after Redis was emptied. Rejects when the first time fails; resolves to `stop`.
 */
export async function keepRegistryPublished(
  { dcdbUrl, redisUrl }: RegistryStores,
  proxies: readonly RegisteredProxy[],
  { signal, onProblem, intervalMs = INTERVAL_MS }: PublishingOptions,
): Promise<() => Promise<void>> {
  const db = createDcdb(dcdbUrl, { maxConnections: 1 });
  const redis = createRedis(redisUrl);
  const registry = createRedisRegistry(redis);
  const stopping = new AbortController();

  async function close(): Promise<void> {
    await redis.close();
    await db.destroy();
  }

  async function publishOn(): Promise<void> {
    let reported: string | undefined;
    for (;;) {
      await setTimeout(intervalMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const problem = await publishRegistry(db, registry, stopping.signal).then(() => undefined, messageOf);
      if (stopping.signal.aborted) return;
      if (problem !== undefined && problem !== reported) onProblem(problem);
      reported = problem;
    }
  }

  try {
    await registerProxies(db, proxies, signal);
    await publishRegistry(db, registry, signal);
  } catch (error) {
    await close();
    throw error;
  }
  const published = publishOn();
  return async () => {
    stopping.abort();
    await published;
    await close();
  };
}

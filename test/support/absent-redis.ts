import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';

/** A Redis that cannot be reached. */
export function absentRedis(): RedisClient {
  const fail = () => Promise.reject(new ProxywatchError('STORE_UNAVAILABLE', 'redis is unavailable: ECONNREFUSED'));
  return { address: '127.0.0.1:1', call: fail, evaluate: fail, close: async () => undefined };
}

import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { CallOptions, RedisClient } from '@proxywatch/core/drivers/redis/redis-client';

/** A Redis that cannot be reached. */
export function absentRedis(): RedisClient {
  const fail = () => Promise.reject(new ProxywatchError('STORE_UNAVAILABLE', 'redis is unavailable: ECONNREFUSED'));
  return { address: '127.0.0.1:1', call: fail, evaluate: fail, close: async () => undefined };
}

/** A Redis that never answers: a call ends with its signal only. */
export function muteRedis(): RedisClient {
  const wait = async ({ signal }: CallOptions = {}) => {
    await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
    throw signal?.reason;
  };
  return {
    address: '127.0.0.1:1',
    call: (_command, _args, options) => wait(options),
    evaluate: (_script, _keys, _args, options) => wait(options),
    close: async () => undefined,
  };
}

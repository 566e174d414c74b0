import { Cluster, type CommonRedisOptions, Redis } from 'ioredis';
import type { RedisAddress } from '../../config/redis-url.ts';

export interface ConnectionLimits {
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly maxRetryDelayMs: number;
}

/**
 * The client for what stands at the address: one server or a cluster. If the URL does not say which, the server is asked
 * over a connection of its own; rejects when it cannot be. `onError` hears why connections fail.
 */
export async function connectRedis(
  address: RedisAddress,
  limits: ConnectionLimits,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<Redis | Cluster> {
  const cluster = address.cluster ?? (await asksForCluster(address, limits, signal));
  signal.throwIfAborted();
  const client = cluster ? createCluster(address, limits) : createSingle(address, limits);
  // Without a listener each lost connection would be an uncaught exception.
  client.on('error', onError);
  return client;
}

async function asksForCluster(address: RedisAddress, limits: ConnectionLimits, signal: AbortSignal): Promise<boolean> {
  const probe = new Redis({ ...singleOptions(address, limits), retryStrategy: null });
  let lastError: unknown;
  probe.on('error', (error) => {
    lastError = error;
  });
  const giveUp = () => probe.disconnect();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const hello = await probe.call('HELLO').catch((error: unknown) => {
      // Redis before 6 has no HELLO.
      if (String(error).includes('unknown command')) return [];
      throw lastError ?? error;
    });
    return Array.isArray(hello) && hello[hello.indexOf('mode') + 1] === 'cluster';
  } finally {
    signal.removeEventListener('abort', giveUp);
    // Where the connection ended by itself, ioredis would wait two seconds for an end that has been.
    if (probe.status !== 'end') probe.disconnect();
  }
}

function createSingle(address: RedisAddress, limits: ConnectionLimits): Redis {
  return new Redis({ ...singleOptions(address, limits), retryStrategy: retryDelay(limits) });
}

function createCluster(address: RedisAddress, limits: ConnectionLimits): Cluster {
  const { host, port } = address;
  return new Cluster([{ host, port }], {
    lazyConnect: true,
    clusterRetryStrategy: retryDelay(limits),
    slotsRefreshTimeout: limits.connectTimeoutMs,
    slotsRefreshInterval: 10_000,
    // A command whose connection broke may have been carried out: it is not sent again, its caller decides.
    retryDelayOnFailover: 0,
    maxRedirections: 4,
    // Certificates name hosts, so with TLS the nodes keep the names that the cluster announces.
    ...(address.tls ? { dnsLookup: (name, callback) => callback(null, name) } : {}),
    redisOptions: commonOptions(address, limits),
  });
}

function singleOptions(address: RedisAddress, limits: ConnectionLimits) {
  const { host, port, database } = address;
  return { ...commonOptions(address, limits), host, port, db: database };
}

function commonOptions(address: RedisAddress, limits: ConnectionLimits) {
  const { user, password, tls } = address;
  return {
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    lazyConnect: true,
    connectTimeout: limits.connectTimeoutMs,
    commandTimeout: limits.commandTimeoutMs,
    // A peer that vanished without a word: the connection is given up, not only the command.
    socketTimeout: 2 * limits.commandTimeoutMs,
    keepAlive: 10_000,
    // When a connection fails, what waits for it fails with it: quickly, and never sent twice.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  } satisfies CommonRedisOptions & { tls?: object };
}

function retryDelay({ maxRetryDelayMs }: ConnectionLimits) {
  return (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 10), maxRetryDelayMs);
}

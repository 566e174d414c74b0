import { configError } from '../../config/config-error.ts';
import { checkRedisUrl, REDIS_URL_FORM } from '../../config/redis-url.ts';
import { messageOf } from '../../domain/errors.ts';
import { untilAborted } from '../until-aborted.ts';
import { connectRedis } from './connect-redis.ts';
import type { CallOptions, RedisArgument, RedisClient } from './redis-client.ts';
import { redisError, unavailable } from './redis-error.ts';

export interface RedisOptions {
  /** @default 2000 */
  readonly connectTimeoutMs?: number;
  /** Also the longest that a call waits for a connection. @default 2000 */
  readonly commandTimeoutMs?: number;
  /** Longest pause between two attempts to connect. @default 1000 */
  readonly maxRetryDelayMs?: number;
  /** Calls under way at once, those that wait for a connection included; more reject at once. @default 10000 */
  readonly maxPending?: number;
}

type Client = Awaited<ReturnType<typeof connectRedis>>;

/**
 * A client of the Redis at `url` (`redis://`, `rediss://` for TLS). Connects at the first call and again whenever needed.
 * A cluster is recognised by itself; `?cluster=true` or `?cluster=false` spares the question. Throws CONFIG_INVALID for
 * a URL that is none.
 */
export function createRedis(url: string, options: RedisOptions = {}): RedisClient {
  const { connectTimeoutMs = 2_000, commandTimeoutMs = 2_000, maxRetryDelayMs = 1_000, maxPending = 10_000 } = options;
  const checked = checkRedisUrl(url);
  if ('problem' in checked)
    throw configError('the Redis URL', [`REDIS_URL: ${checked.problem}, expected ${REDIS_URL_FORM}`]);
  const target = checked.value;
  const address = `${target.host}:${target.port}`;
  const limits = { connectTimeoutMs, commandTimeoutMs, maxRetryDelayMs };

  let connecting: Promise<Client> | undefined;
  let connectionError: unknown;
  let pending = 0;
  const closing = new AbortController();

  function client(): Promise<Client> {
    connecting ??= connectRedis(target, limits, closing.signal, (error) => {
      connectionError = error;
    }).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  }

  async function send(command: string, args: readonly RedisArgument[], { signal, binary }: CallOptions) {
    signal?.throwIfAborted();
    if (closing.signal.aborted) throw unavailable(address, 'the client is closed');
    if (pending >= maxPending) throw unavailable(address, `${pending} calls are waiting`);
    pending += 1;
    try {
      const redis = await untilAborted(client(), signal);
      const reply = binary === true ? redis.callBuffer(command, ...args) : redis.call(command, ...args);
      return await untilAborted(reply, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw redisError(error, address, connectionError);
    } finally {
      pending -= 1;
    }
  }

  return {
    address,
    call: (command, args, callOptions = {}) => send(command, args, callOptions),
    async evaluate({ text, sha1 }, keys, args, callOptions = {}) {
      const rest = [keys.length, ...keys, ...args];
      try {
        return await send('EVALSHA', [sha1, ...rest], callOptions);
      } catch (error) {
        if (!messageOf(error).includes('NOSCRIPT')) throw error;
        return send('EVAL', [text, ...rest], callOptions);
      }
    },
    async close() {
      closing.abort();
      const redis = await connecting?.catch(() => undefined);
      redis?.disconnect();
    },
  };
}

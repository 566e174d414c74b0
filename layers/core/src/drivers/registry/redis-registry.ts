import { checkJson } from '../../config/parse-json.ts';
import { registeredProxy } from '../../config/registered-proxy.ts';
import { ProxywatchError } from '../../domain/errors.ts';
import type { RegisteredProxy } from '../../domain/proxy.ts';
import type { DamagedEntry, ProxyRegistry, RegistryPublisher, RegistrySnapshot } from '../../ports/proxy-registry.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { redisScript } from '../redis/redis-script.ts';
import { entryOf, sortedById, versionOf } from './registry-version.ts';

/**
 * One hash holds everything, so that it is replaced and read at once, on a cluster too: per proxy the field `p:<id>` with
 * its JSON, and `version`, `source`, `revision`.
 */
export const REGISTRY_KEY = '{proxywatch}:registry';
export const MAX_PROXIES = 10_000;

const ENTRY = 'p:';
/** Proxies in one list: a managed Redis takes some thousands of arguments, and so does Lua's `unpack`. */
const PROXIES_PER_LIST = 1_000;

// KEYS 1: the hash. ARGV: version, source, revision, number of proxies, then lists of field and JSON of each proxy.
const PUBLISH = redisScript(`
local held = redis.call('HMGET', KEYS[1], 'version', 'source', 'revision')
if held[2] == ARGV[2] and tonumber(held[3]) > tonumber(ARGV[3]) then return 'outdated' end
redis.call('HSET', KEYS[1], 'source', ARGV[2], 'revision', ARGV[3])
if held[1] == ARGV[1] and redis.call('HLEN', KEYS[1]) == 3 + tonumber(ARGV[4]) then return 'unchanged' end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'source', ARGV[2], 'revision', ARGV[3])
for i = 5, #ARGV do redis.call('HSET', KEYS[1], unpack(cjson.decode(ARGV[i]))) end
return 'published'
`);

// Everything, unless it is larger than anything we publish.
const FETCH = redisScript(`
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[1]) then return redis.error_reply('REGISTRY_TOO_LARGE') end
return redis.call('HGETALL', KEYS[1])
`);

/** The registry in Redis: what the API publishes, gateways and scanner read. */
export function createRedisRegistry(redis: RedisClient): ProxyRegistry & RegistryPublisher {
  let latest: RegistrySnapshot | undefined;
  return {
    async fetchProxies(signal) {
      const version = await redis.call('HGET', [REGISTRY_KEY, 'version'], { signal });
      if (version === null) throw missing();
      if (latest === undefined || latest.version !== version) latest = await fetchAll(redis, signal);
      return latest;
    },
    async publish({ proxies, source, revision }, signal) {
      if (proxies.length > MAX_PROXIES) throw tooLarge();
      const sorted = sortedById(proxies);
      const args = [versionOf(sorted), source, revision, sorted.length, ...listsOf(sorted)];
      const outcome = await redis.evaluate(PUBLISH, [REGISTRY_KEY], args, { signal });
      return outcome === 'outdated' || outcome === 'unchanged' ? outcome : 'published';
    },
  };
}

function* listsOf(proxies: readonly RegisteredProxy[]): Iterable<string> {
  for (let at = 0; at < proxies.length; at += PROXIES_PER_LIST) {
    const some = proxies.slice(at, at + PROXIES_PER_LIST);
    yield JSON.stringify(some.flatMap((proxy) => [`${ENTRY}${proxy.id}`, entryOf(proxy)]));
  }
}

async function fetchAll(redis: RedisClient, signal: AbortSignal | undefined): Promise<RegistrySnapshot> {
  const reply = await redis.evaluate(FETCH, [REGISTRY_KEY], [MAX_PROXIES + 3], { signal }).catch((error: unknown) => {
    throw String(error).includes('REGISTRY_TOO_LARGE') ? tooLarge() : error;
  });
  const fields = Array.isArray(reply) ? reply.map(String) : [];
  let version: string | undefined;
  const proxies: RegisteredProxy[] = [];
  const damaged: DamagedEntry[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name = '', text = ''] = [fields[i], fields[i + 1]];
    if (name === 'version') version = text;
    if (!name.startsWith(ENTRY)) continue;
    const entry = parseEntry(name.slice(ENTRY.length), text);
    if ('value' in entry) proxies.push(entry.value);
    else damaged.push(entry);
  }
  // Redis was emptied between the two reads.
  if (version === undefined) throw missing();
  return { version, proxies: sortedById(proxies), damaged };
}

function parseEntry(id: string, text: string): { readonly value: RegisteredProxy } | DamagedEntry {
  const entry = checkJson(registeredProxy, text);
  if ('problems' in entry) return { id, problem: entry.problems.slice(0, 3).join(', ') };
  return entry.value.id === id ? entry : { id, problem: `/id: expected "${id}"` };
}

function missing(): ProxywatchError {
  return new ProxywatchError('REGISTRY_MISSING', `no registry has been published to ${REGISTRY_KEY}`);
}

function tooLarge(): ProxywatchError {
  return new ProxywatchError('REGISTRY_TOO_LARGE', `the registry holds more than ${MAX_PROXIES} proxies`);
}

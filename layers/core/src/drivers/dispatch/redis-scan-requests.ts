import { ProxywatchError } from '../../domain/errors.ts';
import { COLLECTORS, type CollectorName } from '../../domain/scan/collectors.ts';
import type { ScanRequest, ScanRequestStore } from '../../ports/scan-requests.ts';
import { LUA_PRELUDE } from '../redis/lua-prelude.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { redisScript } from '../redis/redis-script.ts';
import { REQUESTED_KEY } from './scan-keys.ts';

/** As many as there are proxies at most. */
const MAX_REQUESTS = 10_000;
const FIELDS_AT_ONCE = 1_000;
/** Older ones are from before dispatch stood still: nobody waits for them any more. */
const MAX_AGE_MS = 600_000;

// KEYS 1: requested. ARGV 1: how many there may be, 2: collectors, 3: list of proxies, for a managed Redis takes some thousands
// of arguments. Answers 1, or 0 when there are too many. A value is `<ms> <collectors>`; what was asked for before stays
// asked for.
const REQUEST = redisScript(`${LUA_PRELUDE}
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
local proxies = cjson.decode(ARGV[3])
if redis.call('HLEN', KEYS[1]) + #proxies > tonumber(ARGV[1]) then return 0 end
for _, proxy in ipairs(proxies) do
  local held = redis.call('HGET', KEYS[1], proxy)
  local before = string.match(held or '', '^%d+ ([%a,]+)$')
  local wanted = before and (before .. ',' .. ARGV[2]) or ARGV[2]
  if #wanted > 1000 then wanted = ARGV[2] end
  redis.call('HSET', KEYS[1], proxy, text(nowMs()) .. ' ' .. wanted)
end
return 1
`);

// KEYS 1: requested. Answers Redis' clock, and then each proxy with its request.
const FETCH = redisScript(`${LUA_PRELUDE}
local held = redis.pcall('HGETALL', KEYS[1])
if held.err then return { text(nowMs()) } end
table.insert(held, 1, text(nowMs()))
return held
`);

// KEYS 1: requested. ARGV: proxies, each with the value that was taken up.
const SETTLE = redisScript(`
for i = 1, #ARGV, 2 do
  if redis.pcall('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
return 1
`);

/** Requests in one hash of Redis: proxy id → `<when> <collectors>`. Dispatch takes them up at its next tick. */
export function createRedisScanRequests(redis: RedisClient): ScanRequestStore {
  return {
    async request(proxyIds, collectors, signal) {
      if (proxyIds.length === 0 || collectors.length === 0) return;
      const args = [MAX_REQUESTS, collectors.join(','), JSON.stringify(proxyIds)];
      const isTaken = await redis.evaluate(REQUEST, [REQUESTED_KEY], args, { signal });
      if (isTaken !== 1) {
        throw new ProxywatchError('FLEET_TOO_LARGE', `${MAX_REQUESTS} proxies wait for a scan that was asked for`);
      }
    },
    async fetchAll(signal) {
      const reply = await redis.evaluate(FETCH, [REQUESTED_KEY], [], { signal });
      const [nowMs, ...fields] = Array.isArray(reply) ? reply.map(String) : [];
      const requests = new Map<string, ScanRequest>();
      for (let i = 0; i + 1 < fields.length; i += 2) {
        requests.set(fields[i] ?? '', parseRequest(fields[i + 1] ?? '', Number(nowMs)));
      }
      return requests;
    },
    async settle(taken, signal) {
      const pairs = [...taken].map(([id, { mark }]) => [id, mark]);
      for (let i = 0; i < pairs.length; i += FIELDS_AT_ONCE) {
        const args = pairs.slice(i, i + FIELDS_AT_ONCE).flat();
        await redis.evaluate(SETTLE, [REQUESTED_KEY], args, { signal });
      }
    },
  };
}

/** One that is too old, or cannot be read, asks for nothing; it is settled with the others. */
function parseRequest(mark: string, nowMs: number): ScanRequest {
  const [, atMs, names = ''] = /^(\d{1,15}) ([a-zA-Z,]+)$/.exec(mark) ?? [];
  const isFresh = atMs !== undefined && nowMs - Number(atMs) < MAX_AGE_MS;
  const wanted = new Set(names.split(','));
  return { mark, collectors: new Set<CollectorName>(isFresh ? COLLECTORS.filter((name) => wanted.has(name)) : []) };
}

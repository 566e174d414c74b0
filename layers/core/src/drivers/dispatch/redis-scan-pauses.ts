import { ProxywatchError } from '../../domain/errors.ts';
import type { PauseTarget, ScanPauseStore } from '../../ports/scan-pauses.ts';
import { LUA_PRELUDE } from '../redis/lua-prelude.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { redisScript } from '../redis/redis-script.ts';
import { PAUSED_KEY } from './scan-keys.ts';

/** As many as there are proxies at most; whoever needs more pauses namespaces. */
const MAX_PAUSES = 10_000;

const ENDLESS = '-';

/** Lua: the hash of pauses as a list; removed when it is none. */
const ALL_PAUSES = `${LUA_PRELUDE}
local function allPauses()
  local held = redis.pcall('HGETALL', KEYS[1])
  if not held.err then return held end
  redis.call('DEL', KEYS[1])
  return {}
end
`;

// KEYS 1: paused. Removes what ended or cannot be read, and answers the fields that are in force.
const FETCH = redisScript(`${ALL_PAUSES}
local now, held, fields = nowMs(), allPauses(), {}
for i = 1, #held, 2 do
  local untilMs = whole(held[i + 1])
  if held[i + 1] == '${ENDLESS}' or (untilMs and untilMs > now) then table.insert(fields, held[i])
  else redis.call('HDEL', KEYS[1], held[i]) end
end
return fields
`);

// KEYS 1: paused. ARGV 1: field, 2: durationMs or '-', 3: how many there may be. Answers 1, or 0 when there are too many.
const PAUSE = redisScript(`${ALL_PAUSES}
if #allPauses() / 2 >= tonumber(ARGV[3]) and redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
local untilMs = ARGV[2]
if untilMs ~= '${ENDLESS}' then untilMs = text(nowMs() + tonumber(untilMs)) end
redis.call('HSET', KEYS[1], ARGV[1], untilMs)
return 1
`);

/** Pauses in one hash of Redis: `<kind>:<name>` → the end, or `-`. */
export function createRedisScanPauses(redis: RedisClient): ScanPauseStore {
  return {
    async fetchAll(signal) {
      const reply = await redis.evaluate(FETCH, [PAUSED_KEY], [], { signal });
      const fields = Array.isArray(reply) ? reply.map(String) : [];
      const named = (kind: PauseTarget['kind']) =>
        new Set(fields.filter((field) => field.startsWith(`${kind}:`)).map((field) => field.slice(kind.length + 1)));
      return { proxies: named('proxy'), namespaces: named('namespace'), collectors: named('collector') };
    },
    async pause(target, durationMs, signal) {
      const args = [fieldOf(target), durationMs ?? ENDLESS, MAX_PAUSES];
      const isPaused = await redis.evaluate(PAUSE, [PAUSED_KEY], args, { signal });
      if (isPaused !== 1)
        throw new ProxywatchError('FLEET_TOO_LARGE', `${MAX_PAUSES} are paused one by one: pause a namespace instead`);
    },
    async resume(target, signal) {
      await redis.call('HDEL', [PAUSED_KEY, fieldOf(target)], { signal });
    },
  };
}

function fieldOf({ kind, name }: PauseTarget): string {
  return `${kind}:${name}`;
}

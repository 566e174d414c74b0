import { LUA_PRELUDE } from '../redis/lua-prelude.ts';
import { redisScript } from '../redis/redis-script.ts';

// KEYS 1: members, 2: slots, 3: fleet. ARGV 1: member id. A member that fell silent before may still say good-bye.
export const LEAVE = redisScript(`${LUA_PRELUDE}
redis.call('HDEL', KEYS[1], ARGV[1])
local slots = redis.call('HGETALL', KEYS[2])
for i = 1, #slots, 2 do
  if string.match(slots[i + 1], '^%a+ %d+ (.+)$') == ARGV[1] then
    redis.call('HSET', KEYS[2], slots[i], 'left ' .. text(nowMs()) .. ' ' .. ARGV[1])
  end
end
if redis.call('HGET', KEYS[3], 'planner') == ARGV[1] then redis.call('HDEL', KEYS[3], 'planner') end
`);

// KEYS 1: fleet. ARGV 1: member id, 2: version that the plan is based on, 3: assignment. Answers 1, or 0 when refused.
// Versions follow the clock, so that none comes again after Redis was emptied.
export const PUBLISH = redisScript(`${LUA_PRELUDE}
local held = redis.call('HMGET', KEYS[1], 'planner', 'version')
local version = whole(held[2]) or 0
if held[1] ~= ARGV[1] or version ~= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'version', text(math.max(version + 1, nowMs())), 'assignment', ARGV[3])
return 1
`);

// KEYS 1: pins. ARGV 1: proxy id, 2: slot, 3: most pins. Answers 1, or 0 when there are too many.
export const PIN = redisScript(`
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
`);

// KEYS 1: drains. ARGV 1: slot, 2: most drained slots. Answers 1, or 0 when there are too many.
export const DRAIN = redisScript(`
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0 and redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('SADD', KEYS[1], ARGV[1])
return 1
`);

// KEYS 1: members. ARGV: ids and the damaged records that were read; one that was written anew meanwhile stays.
export const FORGET = redisScript(`
for i = 1, #ARGV, 2 do
  local stored = redis.call('HGET', KEYS[1], ARGV[i])
  if stored and string.match(stored, '^%d+ (.*)$') == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
`);

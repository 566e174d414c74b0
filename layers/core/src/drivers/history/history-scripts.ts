import { redisScript } from '../redis/redis-script.ts';

/**
 * Lua that keeps histories in Redis. All keys of one proxy share a hash tag and are declared, so the scripts run on a
 * cluster. Times, tokens and revisions come from Redis' own clock, in microseconds: 16 digits until the year 2286, so
 * they compare as text.
 */

// KEYS 1: fence. Tokens rise even when Redis came back empty, since they follow its clock.
export const CLAIM = redisScript(`
local now = redis.call('TIME')
local token = now[1] .. string.format('%06d', now[2])
local held = redis.call('GET', KEYS[1])
if held and held >= token then token = string.format('%.0f', tonumber(held) + 1) end
redis.call('SET', KEYS[1], token)
return token
`);

// KEYS 1: meta, 2: rows, 3: series, 4: errors. Answers meta, revision, age in milliseconds, the number of records when
// they were written and the number now; or nothing.
export const HEAD = redisScript(`
local held = redis.call('HMGET', KEYS[1], 'meta', 'revision', 'readAtUs', 'records')
if not held[1] then return nil end
local now = redis.call('TIME')
local ageUs = tonumber(now[1]) * 1000000 + tonumber(now[2]) - tonumber(held[3])
local records = redis.call('HLEN', KEYS[2]) + redis.call('HLEN', KEYS[3]) + redis.call('HLEN', KEYS[4])
return { held[1], held[2], string.format('%.0f', ageUs / 1000), held[4], tostring(records) }
`);

// KEYS 1: fence, 2: meta, 3: rows, 4: series, 5: errors. ARGV 1: token, 2: revision or '', 3: what is replaced, 4: meta,
// 5: age of the read in microseconds, 6: JSON list of rows to delete, then pairs of the number of a key and a JSON list of
// fields and values for it.
//
// A fence that is older than the token is no other writer: Redis came back with an older state of itself.
export const SAVE = redisScript(`
local function records()
  return tostring(redis.call('HLEN', KEYS[3]) + redis.call('HLEN', KEYS[4]) + redis.call('HLEN', KEYS[5]))
end
local fence = redis.call('GET', KEYS[1])
if not fence or fence < ARGV[1] then return { 'lost' } end
if fence ~= ARGV[1] then return { 'fenced' } end
if ARGV[3] == 'everything' then
  redis.call('UNLINK', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
else
  local held = redis.call('HMGET', KEYS[2], 'revision', 'records')
  if held[1] ~= ARGV[2] or held[2] ~= records() then return { 'lost' } end
  if ARGV[3] == 'rows' then redis.call('UNLINK', KEYS[3]) end
end
for _, field in ipairs(cjson.decode(ARGV[6])) do redis.call('HDEL', KEYS[3], field) end
for i = 7, #ARGV, 2 do redis.call('HSET', KEYS[tonumber(ARGV[i])], unpack(cjson.decode(ARGV[i + 1]))) end
local now = redis.call('TIME')
local revision = now[1] .. string.format('%06d', now[2])
local readAtUs = string.format('%.0f', tonumber(revision) - tonumber(ARGV[5]))
if revision <= ARGV[2] then revision = string.format('%.0f', tonumber(ARGV[2]) + 1) end
redis.call('HSET', KEYS[2], 'meta', ARGV[4], 'revision', revision, 'readAtUs', readAtUs, 'records', records())
return { 'saved', revision }
`);

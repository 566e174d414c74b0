import { redisScript } from '../redis/redis-script.ts';

/**
 * Lua that keeps histories in Redis. All keys of one proxy share a hash tag and are declared, so the scripts run on a
 * cluster. Times and tokens come from Redis' own clock, in microseconds.
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

// KEYS 1: meta. Answers meta, revision and the age in milliseconds, or nothing.
export const HEAD = redisScript(`
local held = redis.call('HMGET', KEYS[1], 'meta', 'revision', 'savedAtUs')
if not held[1] then return nil end
local now = redis.call('TIME')
local ageUs = tonumber(now[1]) * 1000000 + tonumber(now[2]) - tonumber(held[3])
return { held[1], held[2], string.format('%.0f', ageUs / 1000) }
`);

// KEYS 1: fence, 2: meta, 3: rows, 4: series, 5: errors. ARGV 1: token, 2: revision or '', 3: what is replaced, 4: meta,
// 5: JSON list of rows to delete, then pairs of the number of a key and a JSON list of fields and values for it.
export const SAVE = redisScript(`
local fence = redis.call('GET', KEYS[1])
if not fence then return { 'lost' } end
if fence ~= ARGV[1] then return { 'fenced' } end
if ARGV[3] == 'everything' then
  redis.call('UNLINK', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
elseif (redis.call('HGET', KEYS[2], 'revision') or '') ~= ARGV[2] then
  return { 'lost' }
elseif ARGV[3] == 'rows' then
  redis.call('UNLINK', KEYS[3])
end
for _, field in ipairs(cjson.decode(ARGV[5])) do redis.call('HDEL', KEYS[3], field) end
for i = 6, #ARGV, 2 do redis.call('HSET', KEYS[tonumber(ARGV[i])], unpack(cjson.decode(ARGV[i + 1]))) end
local now = redis.call('TIME')
local savedAtUs = now[1] .. string.format('%06d', now[2])
local revision = savedAtUs
if revision <= ARGV[2] then revision = string.format('%.0f', tonumber(ARGV[2]) + 1) end
redis.call('HSET', KEYS[2], 'meta', ARGV[4], 'revision', revision, 'savedAtUs', savedAtUs)
return { 'saved', revision }
`);

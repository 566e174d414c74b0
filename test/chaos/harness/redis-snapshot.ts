import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';

/** Everything that a Redis held at some moment, key by key. */
export type RedisSnapshot = readonly string[];

// Answers key and value by turns, the value as `DUMP` gives it, in hexadecimal digits.
const TAKE = `
local taken = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local hex = string.gsub(redis.call('DUMP', key), '.', function(c) return string.format('%02x', string.byte(c)) end)
  table.insert(taken, key)
  table.insert(taken, hex)
end
return taken
`;

const PUT_BACK = `
redis.call('FLUSHALL')
for i = 1, #ARGV, 2 do
  local dump = string.gsub(ARGV[i + 1], '..', function(hex) return string.char(tonumber(hex, 16)) end)
  redis.call('RESTORE', ARGV[i], 0, dump)
end
`;

export async function takeSnapshot(redis: RedisClient): Promise<RedisSnapshot> {
  const taken = await redis.call('EVAL', [TAKE, 0]);
  return Array.isArray(taken) ? taken.map(String) : [];
}

/** Redis is as it was then: what a replica that lagged behind holds when it takes over. */
export async function putBack(redis: RedisClient, snapshot: RedisSnapshot): Promise<void> {
  await redis.call('EVAL', [PUT_BACK, 0, ...snapshot]);
}

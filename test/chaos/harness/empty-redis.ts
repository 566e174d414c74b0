import { leaseKeysOf } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { FLEET_KEYS } from '@proxywatch/core/drivers/membership/redis-membership-store';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';

/** An owner has loaded the history when he took the lease so long ago. */
const LOADED_US = 1_500_000;

// KEYS 1: slots, 2: fleet. ARGV 1: whether some proxy must be on the move, then id, lease and fence of each proxy.
const EMPTY_IF_OWNED = `
local now = redis.call('TIME')
local nowUs = now[1] * 1000000 + now[2]
local held = redis.call('HGETALL', KEYS[1])
local slotOf = {}
for i = 1, #held, 2 do slotOf[string.match(held[i + 1], '^%a+ %d+ (.+)$')] = held[i] end
local assignment = cjson.decode(redis.call('HGET', KEYS[2], 'assignment') or '{}')
local moving = 0
for i = 2, #ARGV, 3 do
  local id, lease, token = ARGV[i], redis.call('HMGET', ARGV[i + 1], 'owner', 'untilMs'), redis.call('GET', ARGV[i + 2])
  if not lease[2] or lease[2] * 1000 < nowUs or not token or tonumber(token) > nowUs - ${LOADED_US} then return 0 end
  if assignment[id] ~= slotOf[lease[1]] then moving = moving + 1 end
end
if ARGV[1] == 'moving' and moving == 0 then return 0 end
redis.call('FLUSHALL')
return 1
`;

/** Forgets everything, if all proxies are owned by gateways that had the time to load their histories; tells whether it did. */
export async function emptyIfOwned(redis: RedisClient, proxyIds: readonly string[], whileMoving: boolean) {
  const proxies = proxyIds.flatMap((id) => [id, ...leaseKeysOf(id)]);
  const keys = [FLEET_KEYS.slots, FLEET_KEYS.fleet];
  const args = [EMPTY_IF_OWNED, keys.length, ...keys, whileMoving ? 'moving' : 'any', ...proxies];
  return Number(await redis.call('EVAL', args)) === 1;
}

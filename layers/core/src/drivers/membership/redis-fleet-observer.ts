import type { FleetObserver, ProxyOwner } from '../../ports/fleet-observer.ts';
import { leaseKeysOf } from '../lease/redis-lease-store.ts';
import { LUA_PRELUDE } from '../redis/lua-prelude.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { redisScript } from '../redis/redis-script.ts';
import { decodeFleetRecords } from './fleet-records.ts';
import { FLEET_KEYS } from './redis-membership-store.ts';

/** Leases that are asked for at once. */
const LEASES_AT_ONCE = 250;

// KEYS 1: members, 2: slots, 3: fleet, 4: pins, 5: drains. Answers `records`, the planner, the assignment and its age (''
// for none), members (id, slot or '', age, record), waiting slots (name, ms waited, kind, last member), pins, drains.
const OBSERVE = redisScript(`${LUA_PRELUDE}
local now = nowMs()
local slotOf, waiting, members = {}, {}, {}
local slots = redis.call('HGETALL', KEYS[2])
for i = 1, #slots, 2 do
  local kind, since, member = string.match(slots[i + 1], '^(%a+) (%d+) (.+)$')
  if kind == 'held' then
    slotOf[member] = slots[i]
  elseif kind then
    local waitedMs = math.max(0, now - (whole(since) or now))
    for _, value in ipairs({ slots[i], text(waitedMs), kind, member }) do table.insert(waiting, value) end
  end
end
local lives = redis.call('HGETALL', KEYS[1])
for i = 1, #lives, 2 do
  local time, record = string.match(lives[i + 1], '^(%d+) (.*)$')
  local ageMs = math.max(0, now - (whole(time) or now))
  for _, value in ipairs({ lives[i], slotOf[lives[i]] or '', text(ageMs), record or '' }) do
    table.insert(members, value)
  end
end
local fleet = redis.call('HMGET', KEYS[3], 'planner', 'assignment', 'version')
local version = whole(fleet[3])
local ageMs = version and text(math.max(0, now - version)) or ''
local pins, drains = redis.call('HGETALL', KEYS[4]), redis.call('SMEMBERS', KEYS[5])
return { 'records', fleet[1] or '', fleet[2] or '', ageMs, members, waiting, pins, drains }
`);

// KEYS 1: lease. Answers owner, address and the milliseconds that are left, or nothing.
const OWNER = redisScript(`${LUA_PRELUDE}
local held = redis.pcall('HMGET', KEYS[1], 'owner', 'advertise', 'untilMs')
local untilMs = not held.err and whole(held[3])
if not untilMs or not held[1] or untilMs <= nowMs() then return {} end
return { held[1], held[2] or '', text(untilMs - nowMs()) }
`);

/** Reads the fleet from Redis for people and tools: whoever asks is no member, and changes nothing. */
export function createRedisFleetObserver(redis: RedisClient): FleetObserver {
  return {
    async fetchRecords(signal) {
      const { members, slots, fleet, pins, drains } = FLEET_KEYS;
      return decodeFleetRecords(await redis.evaluate(OBSERVE, [members, slots, fleet, pins, drains], [], { signal }));
    },

    async fetchOwners(proxyIds, signal) {
      const owners = new Map<string, ProxyOwner>();
      // Workers that share one iterator: each takes the next proxy as soon as it is through with one.
      const queue = proxyIds.values();
      async function work(): Promise<void> {
        for (const proxyId of queue) {
          const [lease] = leaseKeysOf(proxyId);
          const reply = await redis.evaluate(OWNER, [lease], [], { signal });
          const [memberId, advertise = '', remainingMs] = Array.isArray(reply) ? reply.map(String) : [];
          if (memberId !== undefined) owners.set(proxyId, { memberId, advertise, remainingMs: Number(remainingMs) });
        }
      }
      await Promise.all(Array.from({ length: Math.min(LEASES_AT_ONCE, proxyIds.length) }, work));
      return owners;
    },
  };
}

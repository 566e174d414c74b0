import type { TickClaims } from '../../ports/tick-claims.ts';
import { LUA_PRELUDE } from '../redis/lua-prelude.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { redisScript } from '../redis/redis-script.ts';
import { TICKS_KEY } from './scan-keys.ts';

/** Clocks differ by less. What stands further ahead is a mistake, and must not keep all ticks before it from being taken. */
const MAX_AHEAD_MS = 300_000;

/** A stored tick; nothing for one that is damaged, or ahead because Redis' clock went back. */
const STORED_TICK = `${LUA_PRELUDE}
local function storedTick(field)
  local held = redis.pcall('HGET', KEYS[1], field)
  if type(held) == 'table' then
    redis.call('DEL', KEYS[1])
    return nil
  end
  local tick = whole(held)
  if tick and tick <= nowMs() + tonumber(ARGV[2]) then return tick end
end
`;

// KEYS 1: ticks. ARGV 1: tick, 2: how far ahead one may be. Answers 'claimed' and the tick that was completed last, or
// 'taken' and the newest claimed one, or 'ahead' and by how much.
const CLAIM = redisScript(`${STORED_TICK}
local tick, now = tonumber(ARGV[1]), nowMs()
if tick > now + tonumber(ARGV[2]) then return { 'ahead', text(tick - now) } end
local claimed, completed = storedTick('claimedMs'), storedTick('completedMs')
if claimed and claimed >= tick then return { 'taken', text(claimed) } end
redis.call('HSET', KEYS[1], 'claimedMs', text(tick))
return { 'claimed', completed and completed < tick and text(completed) or '' }
`);

// KEYS 1: ticks. ARGV 1: tick, 2: how far ahead one may be. A tick that took long may be completed after a newer one.
const COMPLETE = redisScript(`${STORED_TICK}
local tick, completed = tonumber(ARGV[1]), storedTick('completedMs')
if not completed or completed < tick then redis.call('HSET', KEYS[1], 'completedMs', text(tick)) end
return 1
`);

/** Ticks in one hash of Redis: a script makes taking one a single step, whoever else asks at the same moment. */
export function createRedisTickClaims(redis: RedisClient): TickClaims {
  return {
    async claim(tickMs, signal) {
      const reply = await redis.evaluate(CLAIM, [TICKS_KEY], [tickMs, MAX_AHEAD_MS], { signal });
      const [kind, number = ''] = Array.isArray(reply) ? reply.map(String) : [];
      if (kind === 'taken') return { kind, claimedMs: Number(number) };
      if (kind === 'ahead') return { kind, byMs: Number(number) };
      return { kind: 'claimed', completedMs: number === '' ? undefined : Number(number) };
    },
    async complete(tickMs, signal) {
      await redis.evaluate(COMPLETE, [TICKS_KEY], [tickMs, MAX_AHEAD_MS], { signal });
    },
  };
}

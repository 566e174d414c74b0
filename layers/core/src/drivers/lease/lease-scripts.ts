import { LUA_PRELUDE } from '../redis/lua-prelude.ts';
import { redisScript } from '../redis/redis-script.ts';
import { MINT_TOKEN } from './fencing-token.ts';

/**
 * Lua of the leases. A lease is a hash beside the fence, which holds the token of the newest one. It carries its end as a
 * field and has no time to live: a managed Redis may evict keys that have one.
 */

// KEYS 1: lease, 2: fence. ARGV 1: owner, 2: its address, 3: ttlMs, 4: 'known' or 'new'. Answers 'acquired' and the token,
// or 'held', owner, address and the milliseconds that are left, or 'forgotten' for a known one without a fence: fences stay
// when leases are freed, so Redis came back empty.
export const ACQUIRE = redisScript(`${LUA_PRELUDE}${MINT_TOKEN}
local now, ttlMs = nowMs(), tonumber(ARGV[3])
local held = redis.pcall('HMGET', KEYS[1], 'owner', 'advertise', 'ttlMs', 'untilMs')
if held.err then
  redis.call('DEL', KEYS[1])
  held = {}
end
local owner, heldMs, untilMs = held[1], whole(held[3]), whole(held[4])
if owner and owner ~= ARGV[1] and heldMs and untilMs then
  -- After the clock went back a lease would last too long: it never lasts longer than it was given for.
  if untilMs > now + heldMs then
    untilMs = now + heldMs
    redis.call('HSET', KEYS[1], 'untilMs', text(untilMs))
  end
  if untilMs > now then return { 'held', owner, held[2] or '', text(untilMs - now) } end
end
if ARGV[4] == 'known' and redis.call('EXISTS', KEYS[2]) == 0 then return { 'forgotten' } end
local token = mintToken(KEYS[2])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'advertise', ARGV[2], 'ttlMs', text(ttlMs), 'untilMs', text(now + ttlMs))
return { 'acquired', token }
`);

// KEYS 1: lease, 2: fence. ARGV 1: token, 2: ttlMs. Answers 1, or 0 when the lease was lost. The fence alone decides:
// it moves with every acquisition and is gone when Redis came back empty.
export const RENEW = redisScript(`${LUA_PRELUDE}
if redis.pcall('GET', KEYS[2]) ~= ARGV[1] or redis.pcall('HEXISTS', KEYS[1], 'owner') ~= 1 then return 0 end
local ttlMs = tonumber(ARGV[2])
redis.call('HSET', KEYS[1], 'ttlMs', text(ttlMs), 'untilMs', text(nowMs() + ttlMs))
return 1
`);

// KEYS 1: lease, 2: fence. ARGV 1: token. Answers 1, or 0 when the lease was lost. The fence stays: a write that was under
// way is still the last owner's.
export const RELEASE = redisScript(`
if redis.pcall('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1
`);

import type { ScanFailure } from '../../domain/scan/scan-failure.ts';
import type { ScanFailures } from '../../ports/scan-failures.ts';
import { LUA_PRELUDE } from '../redis/lua-prelude.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { redisScript } from '../redis/redis-script.ts';
import { FAILURES_KEY } from './scan-keys.ts';

export interface FailureOptions {
  /** Ceiling of the wait after the second failure in a row; it doubles with each more. @default 30000 */
  readonly baseMs?: number;
  /**
   * Ceiling of every wait. Below two minutes a proxy is tried at every other tick of a minute at least, before its status,
   * which says that it cannot be reached, runs out. @default 110000
   */
  readonly maxMs?: number;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** Fields of one command. */
const FORGOTTEN_AT_ONCE = 1_000;

// KEYS 1: failures. ARGV 1: proxy, 2: tick, 3: code, 4: baseMs, 5: maxMs, 6: chance. The first failure may be an accident:
// the next attempt is made at the next tick. From then on the wait lies between half of its ceiling and the whole.
const NOTE = redisScript(`${LUA_PRELUDE}
local held = redis.pcall('HGET', KEYS[1], ARGV[1])
if type(held) == 'table' then
  redis.call('DEL', KEYS[1])
  held = false
end
local count, first = string.match(held or '', '^(%d+) (%d+) ')
count, first = (whole(count) or 0) + 1, whole(first) or tonumber(ARGV[2])
local wait = 0
if count > 1 then
  local ceiling = math.min(tonumber(ARGV[5]), tonumber(ARGV[4]) * 2 ^ math.min(count - 2, 30))
  wait = math.floor(ceiling * (1 + tonumber(ARGV[6])) / 2)
end
redis.call('HSET', KEYS[1], ARGV[1], text(count) .. ' ' .. text(first) .. ' ' .. text(nowMs() + wait) .. ' ' .. ARGV[3])
return 1
`);

// KEYS 1: failures. Answers Redis' clock, and then each proxy with its failure.
const FETCH = redisScript(`${LUA_PRELUDE}
local held = redis.pcall('HGETALL', KEYS[1])
if held.err then return { text(nowMs()) } end
table.insert(held, 1, text(nowMs()))
return held
`);

/** Failures in one hash of Redis: proxy id → `<count> <tick of the first> <end of the wait> <code>`. */
export function createRedisScanFailures(redis: RedisClient, options: FailureOptions = {}): ScanFailures {
  const { baseMs = 30_000, maxMs = 110_000, random = Math.random } = options;
  return {
    async fetchAll(signal) {
      const reply = await redis.evaluate(FETCH, [FAILURES_KEY], [], { signal });
      const [nowMs, ...fields] = Array.isArray(reply) ? reply.map(String) : [];
      const failures = new Map<string, ScanFailure>();
      for (let i = 0; i + 1 < fields.length; i += 2) {
        const failure = parseFailure(fields[i + 1] ?? '', Number(nowMs), maxMs);
        if (failure !== undefined) failures.set(fields[i] ?? '', failure);
      }
      return failures;
    },
    async noteFailure(proxyId, { tickMs, code }, signal) {
      await redis.evaluate(NOTE, [FAILURES_KEY], [proxyId, tickMs, code, baseMs, maxMs, random()], { signal });
    },
    async noteSuccess(proxyId, signal) {
      await redis.call('HDEL', [FAILURES_KEY, proxyId], { signal });
    },
    async forget(proxyIds, signal) {
      for (let i = 0; i < proxyIds.length; i += FORGOTTEN_AT_ONCE)
        await redis.call('HDEL', [FAILURES_KEY, ...proxyIds.slice(i, i + FORGOTTEN_AT_ONCE)], { signal });
    },
  };
}

function parseFailure(text: string, nowMs: number, maxMs: number): ScanFailure | undefined {
  const [, count, firstTickMs, untilMs, code = ''] = /^(\d{1,15}) (\d{1,15}) (\d{1,15}) (.*)$/.exec(text) ?? [];
  if (count === undefined) return undefined;
  // After the clock went back a wait would last too long.
  const waitMs = Math.min(maxMs, Math.max(0, Number(untilMs) - nowMs));
  return { count: Number(count), firstTickMs: Number(firstTickMs), code, waitMs };
}

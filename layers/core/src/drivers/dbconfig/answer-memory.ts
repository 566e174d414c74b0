import { createHash } from 'node:crypto';
import { messageOf } from '../../domain/errors.ts';
import type { Log } from '../../ports/log.ts';
import { LUA_PRELUDE } from '../redis/lua-prelude.ts';
import type { RedisArgument, RedisClient, RedisScript } from '../redis/redis-client.ts';
import { redisScript } from '../redis/redis-script.ts';

export interface RememberedAnswer {
  readonly text: string;
  readonly etag: string | undefined;
  /** On Redis' clock. */
  readonly ageMs: number;
}

/** Answers of the service in Redis, with their age. Without Redis there is nothing remembered, and that is all. */
export interface AnswerMemory {
  recall(name: string, signal: AbortSignal | undefined): Promise<RememberedAnswer | undefined>;
  remember(name: string, text: string, etag: string | undefined, signal: AbortSignal | undefined): Promise<void>;
  /** The service says that the answer with this ETag still stands. */
  confirm(name: string, etag: string, signal: AbortSignal | undefined): Promise<void>;
  forget(name: string, signal: AbortSignal | undefined): Promise<void>;
}

/** Common beginning of the keys. */
export const MEMORY_TAG = '{pw:dbconfig}';

// KEYS 1: the answer. ARGV 1: source. Answers text, etag and age; nothing for what is missing, damaged or of another source.
const RECALL = redisScript(`${LUA_PRELUDE}
local held = redis.pcall('HMGET', KEYS[1], 'source', 'text', 'etag', 'atMs')
if held.err then return false end
local atMs = whole(held[4])
if held[1] ~= ARGV[1] or not held[2] or not atMs then return false end
return {held[2], held[3] or '', text(math.max(0, nowMs() - atMs))}
`);

// KEYS 1: the answer. ARGV 1: source, 2: text, 3: etag, 4: ttlMs.
const REMEMBER = redisScript(`${LUA_PRELUDE}
redis.call('UNLINK', KEYS[1])
redis.call('HSET', KEYS[1], 'source', ARGV[1], 'text', ARGV[2], 'etag', ARGV[3], 'atMs', text(nowMs()))
return redis.call('PEXPIRE', KEYS[1], ARGV[4])
`);

// KEYS 1: the answer. ARGV 1: source, 2: etag, 3: ttlMs. Another process may have put a newer answer there meanwhile.
const CONFIRM = redisScript(`${LUA_PRELUDE}
local held = redis.pcall('HMGET', KEYS[1], 'source', 'etag')
if held.err or held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'atMs', text(nowMs()))
return redis.call('PEXPIRE', KEYS[1], ARGV[3])
`);

export interface AnswerMemoryOptions {
  /** What the answers come from; those of another source are not ours. */
  readonly source: string;
  /** Older answers are forgotten. */
  readonly maxAgeMs: number;
  /** Longest that Redis may hold anybody up. */
  readonly timeoutMs: number;
  readonly log?: Log | undefined;
}

export function createAnswerMemory(redis: RedisClient, options: AnswerMemoryOptions): AnswerMemory {
  const { maxAgeMs, timeoutMs, log } = options;
  const source = createHash('sha256').update(options.source).digest('hex').slice(0, 32);

  async function within<T>(signal: AbortSignal | undefined, access: (limited: AbortSignal) => Promise<T>) {
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      return await access(signal ? AbortSignal.any([signal, limit]) : limit);
    } catch (error) {
      // Who left hears so from whoever asks next.
      if (signal?.aborted) return undefined;
      log?.warn('dbconfig answers are not remembered', { message: messageOf(error) });
      return undefined;
    }
  }

  const run = (script: RedisScript, name: string, args: readonly RedisArgument[], signal: AbortSignal | undefined) =>
    within(signal, (limited) => redis.evaluate(script, [keyOf(name)], [source, ...args], { signal: limited }));

  return {
    async recall(name, signal) {
      const reply = await run(RECALL, name, [], signal);
      if (!Array.isArray(reply)) return undefined;
      const [text, etag, age] = reply.map(String);
      const ageMs = Number(age);
      // Of a process that remembers for longer.
      if (text === undefined || !(ageMs <= maxAgeMs)) return undefined;
      return { text, etag: etag === '' ? undefined : etag, ageMs };
    },
    async remember(name, text, etag, signal) {
      await run(REMEMBER, name, [text, etag ?? '', maxAgeMs], signal);
    },
    async confirm(name, etag, signal) {
      await run(CONFIRM, name, [etag, maxAgeMs], signal);
    },
    async forget(name, signal) {
      await within(signal, (limited) => redis.call('UNLINK', [keyOf(name)], { signal: limited }));
    },
  };
}

function keyOf(name: string): string {
  return `${MEMORY_TAG}:${name}`;
}

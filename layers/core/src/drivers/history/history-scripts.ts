import { RECORD_VERSION } from '../../domain/history/history-record.ts';
import { redisScript } from '../redis/redis-script.ts';

/**
 * Lua that keeps histories in Redis. All keys of one proxy share a hash tag and are declared, so the scripts run on a
 * cluster. Times, tokens and revisions come from Redis' own clock, in microseconds: 16 digits until the year 2286, so
 * they compare as text.
 *
 * A fence that is missing, or older than the token, is no other writer: Redis came back empty, or older than it was.
 */
export const FENCE = `
local function standing(fence, token)
  if not fence or fence < token then return 'lost' end
  return fence == token and 'ours' or 'fenced'
end
`;

/** How many records the hashes of rows, series and errors hold, as they follow each other from \`first\`. */
const COUNTS = `
local function counts(first)
  local function count(i) return redis.call('HLEN', KEYS[first + i]) end
  return count(0) .. ',' .. count(1) .. ',' .. count(2)
end
`;

/**
 * Whether the store holds the state that was answered as this revision, or one that the same writer based on it and whose
 * answer did not reach him.
 */
const IS_BASED_ON = `
local function isBasedOn(meta, revision)
  local held = redis.call('HMGET', meta, 'revision', 'previous')
  return revision ~= '' and (held[1] == revision or held[2] == revision)
end
`;

/** Keeps a record that cannot be read, unless too many are kept already. */
export const SET_ASIDE_ONE = `
local function setAside(quarantine, most, field, record)
  if redis.call('HLEN', quarantine) >= tonumber(most) and redis.call('HEXISTS', quarantine, field) == 0 then return end
  redis.call('HSET', quarantine, field, string.sub(record, 1, 4096))
end
`;

// KEYS 1: meta, 2: rows, 3: series, 4: errors. Answers meta, its copy, revision, age in milliseconds, the numbers of
// records when they were written and the numbers now; or nothing.
export const HEAD = redisScript(`${COUNTS}
local held = redis.call('HMGET', KEYS[1], 'meta', 'copy', 'revision', 'readAtUs', 'counts')
local now = redis.call('TIME')
local nowUs = tonumber(now[1]) * 1000000 + tonumber(now[2])
local holds = counts(2)
if not held[1] and not held[2] and holds == '0,0,0' then return nil end
local ageUs = nowUs - (tonumber(held[4] or '') or nowUs)
return { held[1] or '', held[2] or '', held[3] or '', string.format('%.0f', ageUs / 1000), held[5] or holds, holds }
`);

// KEYS 1: fence, 2: meta, 3: rows. ARGV 1: token, 2: revision, then fields. Answers their records.
export const FETCH_ROWS = redisScript(`${FENCE}${IS_BASED_ON}
local kind = standing(redis.call('GET', KEYS[1]), ARGV[1])
if kind == 'ours' and not isBasedOn(KEYS[2], ARGV[2]) then kind = 'lost' end
if kind ~= 'ours' then return { kind } end
return { 'fetched', redis.call('HMGET', KEYS[3], unpack(ARGV, 3)) }
`);

/** What is written together with a history. */
export interface Beside {
  /** Lua functions that the others use. */
  readonly functions: string;
  /** May return early: nothing is written yet. */
  readonly guard: string;
  /** Runs once all else is written. */
  readonly write: string;
  /** How many arguments it takes; they come before the lists. */
  readonly args: number;
}

/**
 * KEYS 1: fence, 2: meta, 3: rows, 4: series, 5: errors. ARGV 1: token, 2: revision or '', 3: what is replaced, 4: meta,
 * 5: age of the read in microseconds, 6: JSON list of two lists, of rows and of series to delete, then pairs of the number
 * of a key and a JSON list of fields and values for it. Answers the new revision and how many rows there are.
 */
export function saveScript(
  { functions, guard, write, args }: Beside = { functions: '', guard: '', write: '', args: 0 },
) {
  return redisScript(`${FENCE}${COUNTS}${IS_BASED_ON}${functions}
local kind = standing(redis.call('GET', KEYS[1]), ARGV[1])
if kind ~= 'ours' then return { kind } end
${guard}
if ARGV[3] == 'everything' then
  redis.call('UNLINK', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
else
  if not isBasedOn(KEYS[2], ARGV[2]) or redis.call('HGET', KEYS[2], 'counts') ~= counts(3) then return { 'lost' } end
  if ARGV[3] == 'rows' then redis.call('UNLINK', KEYS[3]) end
end
for i, fields in ipairs(cjson.decode(ARGV[6])) do
  for _, field in ipairs(fields) do redis.call('HDEL', KEYS[2 + i], field) end
end
for i = ${7 + args}, #ARGV, 2 do redis.call('HSET', KEYS[tonumber(ARGV[i])], unpack(cjson.decode(ARGV[i + 1]))) end
local now = redis.call('TIME')
local revision = now[1] .. string.format('%06d', now[2])
local readAtUs = string.format('%.0f', tonumber(revision) - tonumber(ARGV[5]))
local held = redis.call('HGET', KEYS[2], 'revision') or ''
local latest = held > ARGV[2] and held or ARGV[2]
if revision <= latest then revision = string.format('%.0f', tonumber(latest) + 1) end
redis.call('HSET', KEYS[2], 'meta', ARGV[4], 'copy', ARGV[4], 'revision', revision, 'previous', ARGV[2],
  'readAtUs', readAtUs, 'counts', counts(3))
${write}
return { 'saved', revision, tostring(redis.call('HLEN', KEYS[3])) }
`);
}

export const SAVE = saveScript();

// KEYS 1: fence, 2: meta, 3: rows, 4: series, 5: errors, 6: quarantine. ARGV 1: token, 2: cursor, 3: fields to look at,
// 4: epoch seconds, 5: most records set aside. Answers the cursor, and the rows that were taken out or set aside: those
// that were touched before ARGV 4, and those that say in no known way when they were.
export const SWEEP = redisScript(`${FENCE}${COUNTS}${SET_ASIDE_ONE}
local kind = standing(redis.call('GET', KEYS[1]), ARGV[1])
if kind ~= 'ours' then return { kind } end
local isWhole = redis.call('HGET', KEYS[2], 'counts') == counts(3)
local dropped, damaged = {}, {}
local reply = redis.call('HSCAN', KEYS[3], ARGV[2], 'COUNT', ARGV[3])
for i = 1, #reply[2], 2 do
  local field, record = reply[2][i], reply[2][i + 1]
  local touched = string.match(record, '^${RECORD_VERSION};[^;]*,([0-9a-z]+);[0-9a-z]+$')
  local touchedS = touched and tonumber(touched, 36)
  if not touchedS or touchedS < tonumber(ARGV[4]) then
    if not touchedS then setAside(KEYS[6], ARGV[5], 'row:' .. field, record) end
    if redis.call('HDEL', KEYS[3], field) == 1 then table.insert(touchedS and dropped or damaged, field) end
  end
end
-- What was missing before stays to be seen.
if isWhole then redis.call('HSET', KEYS[2], 'counts', counts(3)) end
return { 'swept', reply[1], dropped, damaged }
`);

// KEYS 1: fence, 2: quarantine. ARGV 1: token, 2: most records set aside, then fields and records.
export const SET_ASIDE = redisScript(`${FENCE}${SET_ASIDE_ONE}
local kind = standing(redis.call('GET', KEYS[1]), ARGV[1])
if kind ~= 'ours' then return { kind } end
for i = 3, #ARGV, 2 do setAside(KEYS[2], ARGV[2], ARGV[i], ARGV[i + 1]) end
return { 'done' }
`);

// KEYS 1: fence, then all that is to be forgotten. ARGV 1: token.
export const FORGET = redisScript(`${FENCE}
local kind = standing(redis.call('GET', KEYS[1]), ARGV[1])
if kind == 'fenced' then return { kind } end
redis.call('UNLINK', unpack(KEYS, 2))
return { 'done' }
`);

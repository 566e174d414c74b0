import { FENCE, SET_ASIDE_ONE, saveScript } from '../history/history-scripts.ts';
import { LUA_PRELUDE } from '../redis/lua-prelude.ts';
import { redisScript } from '../redis/redis-script.ts';

/**
 * Lua of the outbox, a hash of batches by their ids. Two more fields count: `#bytes` are those of all batches, `#next` is
 * the sequence of the newest. They are there as long as a batch is. Needs LUA_PRELUDE.
 *
 * - `hasRoom(outbox, bytes, batches, ids, values)`: whether these batches may join those that are pending, of which there
 *   may be so many bytes and batches. Into an empty outbox any batch may: else a large one would stop a proxy for good.
 * - `append(outbox, id, value)`: value as encodePendingBatch makes it. A batch that is there already stays as it is: its
 *   writer did not hear that it was taken.
 */
export const OUTBOX = `
local function held(outbox, field) return whole(redis.call('HGET', outbox, field)) or 0 end
local function pendingBatches(outbox) return math.max(0, redis.call('HLEN', outbox) - 2) end
local function hasRoom(outbox, bytes, batches, ids, values)
  local count = pendingBatches(outbox)
  if count == 0 then return true end
  local total = held(outbox, '#bytes')
  for i, id in ipairs(ids) do
    if redis.call('HEXISTS', outbox, id) == 0 then
      count, total = count + 1, total + #values[i]
      if count > tonumber(batches) or total > tonumber(bytes) then return false end
    end
  end
  return true
end
local function append(outbox, id, value)
  if redis.call('HEXISTS', outbox, id) == 1 then return end
  local sequence = held(outbox, '#next') + 1
  local record = '1;' .. text(sequence) .. ';' .. value
  redis.call('HSET', outbox, id, record, '#next', text(sequence), '#bytes', text(held(outbox, '#bytes') + #record))
end
`;

const REMOVE = `
local function remove(outbox, id)
  local bytes = held(outbox, '#bytes') - redis.call('HSTRLEN', outbox, id)
  if redis.call('HDEL', outbox, id) == 0 then return end
  if pendingBatches(outbox) == 0 then return redis.call('UNLINK', outbox) end
  redis.call('HSET', outbox, '#bytes', text(math.max(0, bytes)))
end
`;

const ONLY_OURS = `
local kind = standing(redis.call('GET', KEYS[1]), ARGV[1])
if kind ~= 'ours' then return { kind } end
`;

// KEYS 1: fence, 2: states, 3: outbox. ARGV 1: token. Answers the states, the ids of the batches each with its size, and
// how many of the two hashes were something else and had to go. Counts anew what the outbox holds.
export const HEAD = redisScript(`${LUA_PRELUDE}${FENCE}${OUTBOX}${ONLY_OURS}
local damaged = 0
for i = 2, 3 do
  local type = redis.call('TYPE', KEYS[i]).ok
  if type ~= 'hash' and type ~= 'none' then
    redis.call('UNLINK', KEYS[i])
    damaged = damaged + 1
  end
end
local bytes, batches = 0, {}
for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
  if field ~= '#bytes' and field ~= '#next' then
    local size = redis.call('HSTRLEN', KEYS[3], field)
    bytes = bytes + size
    table.insert(batches, field)
    table.insert(batches, text(size))
  end
end
if #batches == 0 then
  redis.call('UNLINK', KEYS[3])
else
  -- Higher than any sequence that was counted up.
  local next = whole(redis.call('HGET', KEYS[3], '#next')) or nowMs()
  redis.call('HSET', KEYS[3], '#bytes', text(bytes), '#next', text(next))
end
return { 'loaded', redis.call('HGETALL', KEYS[2]), batches, text(damaged) }
`);

// KEYS 1: fence, 2: states, 3: outbox. ARGV 1: token, 2: most bytes pending, 3: most batches, 4: collector, 5: 'state' or
// 'none', 6: state, then ids and values. Writes all or nothing; 'full' when there is no room.
export const COMMIT = redisScript(`${LUA_PRELUDE}${FENCE}${OUTBOX}${ONLY_OURS}
local ids, values = {}, {}
for i = 7, #ARGV, 2 do
  table.insert(ids, ARGV[i])
  table.insert(values, ARGV[i + 1])
end
if not hasRoom(KEYS[3], ARGV[2], ARGV[3], ids, values) then return { 'full' } end
for i, id in ipairs(ids) do append(KEYS[3], id, values[i]) end
if ARGV[5] == 'state' then redis.call('HSET', KEYS[2], ARGV[4], ARGV[6]) end
return { 'done' }
`);

// KEYS 1: fence, 2: outbox. ARGV 1: token, 2: id, then sinks that have the batch.
export const SETTLE = redisScript(`${LUA_PRELUDE}${FENCE}${OUTBOX}${REMOVE}${ONLY_OURS}
local record = redis.call('HGET', KEYS[2], ARGV[2])
local head, sinks = string.match(record or '', '^(1;%d+;)([a-z,]*);')
-- One that cannot be read is set aside by the next load.
if not head then return { 'done' } end
local settled, left = {}, {}
for i = 3, #ARGV do settled[ARGV[i]] = true end
for sink in string.gmatch(sinks, '[a-z]+') do
  if not settled[sink] then table.insert(left, sink) end
end
if #left == 0 then
  remove(KEYS[2], ARGV[2])
else
  local shorter = head .. table.concat(left, ',') .. string.sub(record, #head + #sinks + 1)
  redis.call('HSET', KEYS[2], ARGV[2], shorter, '#bytes', text(held(KEYS[2], '#bytes') + #shorter - #record))
end
return { 'done' }
`);

// KEYS 1: fence, 2: outbox, 3: quarantine. ARGV 1: token, 2: most records set aside, then ids.
export const SET_BATCHES_ASIDE = redisScript(`${LUA_PRELUDE}${FENCE}${OUTBOX}${REMOVE}${SET_ASIDE_ONE}${ONLY_OURS}
for i = 3, #ARGV do
  local record = redis.call('HGET', KEYS[2], ARGV[i])
  if record then setAside(KEYS[3], ARGV[2], 'batch:' .. ARGV[i], record) end
  remove(KEYS[2], ARGV[i])
end
return { 'done' }
`);

// As the save of a history, with KEYS 6: outbox, and ARGV 7: most bytes pending, 8: most batches, 9: id, 10: value of a batch
// that is written together with it; 'full' when there is no room for it.
export const SAVE_WITH_BATCH = saveScript({
  functions: `${LUA_PRELUDE}${OUTBOX}`,
  guard: `if not hasRoom(KEYS[6], ARGV[7], ARGV[8], { ARGV[9] }, { ARGV[10] }) then return { 'full' } end`,
  write: `append(KEYS[6], ARGV[9], ARGV[10])`,
  args: 4,
});

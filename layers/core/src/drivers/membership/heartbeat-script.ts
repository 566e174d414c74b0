import { LUA_PRELUDE } from '../redis/lua-prelude.ts';
import { redisScript } from '../redis/redis-script.ts';

/**
 * One heartbeat as one atomic step, so that two members cannot take one slot: docs/redis.md has its rules as a table.
 *
 * KEYS 1: members, 2: slots, 3: fleet, 4: pins, 5: drains. ARGV 1: member id, 2: its record, 3: timeoutMs, 4: slotGraceMs,
 * 5: number of slots, 6: what it was told last (`new`, `standby`, or its slot), 7: `draining` or `staying`, 8: version of
 * the assignment that it knows, 9: most members, 10: the name of the fleet that it was told last, or '', 11: settleMs,
 * 12: how the record of a member of its own release begins, 13: of any release, both '' for a member of none. Answers `full`, or `view`, version, the assignment (none when it is the known one), whether the member plans, members (id, slot or
 * '', age, record), waiting slots (name, ms left, kind), pins, drains, the fleet's name.
 */
export const HEARTBEAT = redisScript(`${LUA_PRELUDE}
local id, timeoutMs, graceMs, slotCount = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local standing, now = ARGV[6], nowMs()
local function begins(record, beginning) return string.sub(record, 1, #beginning) == beginning end

-- When nobody was heard for so long, or a member knows another fleet than this one, then Redis was away rather than all
-- members: for the time of one timeout silence proves nothing.
local fleet = redis.call('HMGET', KEYS[3], 'beatMs', 'doubtMs', 'planner', 'version', 'bornMs', 'birth')
local beatMs, doubtMs = whole(fleet[1]), math.min(whole(fleet[2]) or 0, now)
local hasOthers = redis.call('HLEN', KEYS[1]) > redis.call('HEXISTS', KEYS[1], id)
local bornMs = math.min(whole(fleet[5]) or now, now)
local birth = fleet[6] or table.concat(redis.call('TIME'), '.')
local isOther = ARGV[10] ~= '' and ARGV[10] ~= birth
if beatMs and hasOthers and now - beatMs > timeoutMs or isOther then doubtMs = now end
local inDoubt = now - doubtMs <= timeoutMs
-- A fleet without a trace of another may be the first one, or follow one that is about to be heard.
local isSettling = now - bornMs < tonumber(ARGV[11])
redis.call('HSET', KEYS[3], 'beatMs', text(now), 'doubtMs', text(doubtMs), 'bornMs', text(bornMs),
  'birth', birth)

-- Members. A time in the future was written before the clock went back: it counts as now.
local members, heardMs, goneMs, recordOf = {}, {}, {}, {}
redis.call('HSET', KEYS[1], id, text(now) .. ' ' .. ARGV[2])
local lives = redis.call('HGETALL', KEYS[1])
for i = 1, #lives, 2 do
  local member, time, record = lives[i], string.match(lives[i + 1], '^(%d+) (.*)$')
  local at = whole(time)
  local countsMs = math.max(at or 0, doubtMs)
  if not at or now - countsMs > timeoutMs then
    redis.call('HDEL', KEYS[1], member)
    goneMs[member] = at and countsMs + timeoutMs
  else
    if at > now then redis.call('HSET', KEYS[1], member, text(now) .. ' ' .. record) end
    heardMs[member] = math.min(at, now)
    table.insert(members, { member, record })
    recordOf[member] = record
  end
end
if #members > tonumber(ARGV[9]) then
  redis.call('HDEL', KEYS[1], id)
  return { 'full' }
end

-- Slots: those of members that are gone wait, those that waited long enough are free, and so are damaged ones.
local slots, mine = {}, nil
local places = redis.call('HGETALL', KEYS[2])
for i = 1, #places, 2 do
  local name, number = places[i], whole(string.match(places[i], '^slot%-([1-9]%d*)$'))
  local kind, since, member = string.match(places[i + 1], '^(%a+) (%d+) (.+)$')
  local sinceMs = math.min(whole(since) or now, now)
  if kind == 'held' and not heardMs[member] then kind, sinceMs = 'silent', goneMs[member] or now end
  if kind and member == id and kind ~= 'held' then kind, sinceMs = 'held', now end
  local isWaiting = kind == 'left' or kind == 'silent'
  local isValid = number and (kind == 'held' or isWaiting and now - sinceMs <= graceMs)
  if not isValid or member == id and (mine or number > slotCount) then
    redis.call('HDEL', KEYS[2], name)
  else
    if member == id then mine = name end
    slots[name] = { kind = kind, sinceMs = sinceMs, member = member }
    local record = kind .. ' ' .. text(sinceMs) .. ' ' .. member
    if record ~= places[i + 1] then redis.call('HSET', KEYS[2], name, record) end
  end
end

-- How gladly a slot is taken, 1 first, or nothing when it is not to be had.
local drains = redis.call('SMEMBERS', KEYS[5])
local isDrained = {}
for _, name in ipairs(drains) do isDrained[name] = true end
local waits = inDoubt and standing ~= 'new'
-- Who comes while another release has slots is a successor: a place of its own would draw proxies away from those that it
-- is about to follow. What they leave or lose is for anybody.
local succeeds = false
for _, slot in pairs(slots) do
  local record = slot.kind == 'held' and recordOf[slot.member] or ''
  if ARGV[13] ~= '' and begins(record, ARGV[13]) and not begins(record, ARGV[12]) then succeeds = true end
end
local function rankOf(name)
  local slot = slots[name]
  if isDrained[name] then return nil end
  if slot and slot.kind == 'left' then return 1 end
  if waits then return nil end
  if not slot then return not succeeds and 3 or nil end
  -- One that only the doubt keeps gives way to somebody new, who rather follows a fleet that died as a whole.
  if slot.kind == 'silent' or now - heardMs[slot.member] > timeoutMs then return 2 end
end
if not mine then
  local lastNumber = whole(string.match(standing, '^slot%-([1-9]%d*)$'))
  if lastNumber and lastNumber <= slotCount and not (slots[standing] and slots[standing].kind == 'held') then
    mine = standing
  elseif ARGV[7] ~= 'draining' and not isSettling then
    local best = 4
    for number = 1, slotCount do
      local name = 'slot-' .. number
      local rank = rankOf(name)
      if rank and rank < best then best, mine = rank, name end
    end
  end
  if mine then
    slots[mine] = { kind = 'held', member = id }
    redis.call('HSET', KEYS[2], mine, 'held ' .. text(now) .. ' ' .. id)
  end
end

-- The planning lease. In doubt nobody plans: who was not heard yet would lose everything.
local planner = fleet[3]
if not planner or not heardMs[planner] then
  planner = not inDoubt and id
  if planner then redis.call('HSET', KEYS[3], 'planner', planner) else redis.call('HDEL', KEYS[3], 'planner') end
end

local slotOf, waiting, view = {}, {}, {}
for name, slot in pairs(slots) do
  if slot.kind == 'held' then
    slotOf[slot.member] = name
  else
    table.insert(waiting, name)
    table.insert(waiting, text(graceMs - (now - slot.sinceMs)))
    table.insert(waiting, slot.kind)
  end
end
for _, member in ipairs(members) do
  table.insert(view, member[1])
  table.insert(view, slotOf[member[1]] or '')
  table.insert(view, text(now - heardMs[member[1]]))
  table.insert(view, member[2])
end
local version, assignment = text(whole(fleet[4]) or 0), {}
if version ~= ARGV[8] then assignment = { redis.call('HGET', KEYS[3], 'assignment') or '' } end
local isPlanner = planner == id and not inDoubt and not isSettling and 'planner' or ''
return { 'view', version, assignment, isPlanner, view, waiting, redis.call('HGETALL', KEYS[4]), drains,
  birth }
`);

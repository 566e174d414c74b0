/**
 * Begins our Lua scripts: Redis' clock, and numbers as text. Lua's numbers are doubles, which hold milliseconds and
 * microseconds exactly, but Lua writes those of more than 14 digits as `1.79e+15` and Redis cuts replies to integers.
 */
export const LUA_PRELUDE = `
local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function text(number) return string.format('%.0f', number) end
-- Whole numbers that a double holds; nothing for what is missing or damaged.
local function whole(value) return value and #value <= 15 and string.find(value, '^%d+$') and tonumber(value) or nil end
`;

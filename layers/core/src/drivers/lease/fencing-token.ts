/**
 * Lua: `mintToken(fenceKey)` answers a token of 16 digits and makes it the only one that the proxy's history may be
 * written with. Tokens are Redis' clock in microseconds, so that they rise even when Redis came back empty; a token that
 * is there already counts when the clock went back.
 */
export const MINT_TOKEN = `
local function mintToken(fence)
  local time = redis.call('TIME')
  local token = time[1] * 1000000 + time[2]
  local held = redis.pcall('GET', fence)
  -- What is no token of ours is damage: it is replaced.
  if type(held) == 'string' and #held == 16 and string.find(held, '^%d+$') then
    token = math.max(token, tonumber(held) + 1)
  end
  local minted = string.format('%.0f', token)
  redis.call('SET', fence, minted)
  return minted
end
`;

-- What happened to one comment, newest last, and what its last decisions took the place of.
-- Prepended to the scripts that change a comment after it was settled.

local TRAIL_KEPT = 100
local PAST_KEPT = 20
local MOST_CODES = 8

local function trace(trail, event)
  redis.call('RPUSH', trail, cjson.encode(event))
  redis.call('LTRIM', trail, -TRAIL_KEPT, -1)
end

-- A verdict that gives way to another, in short: when, which rule, the codes of its evidence.
local function gist(comment)
  local kept = redis.call('HMGET', comment, 'verdict', 'settled_at')
  if not kept[1] then return nil end
  local is_read, verdict = pcall(cjson.decode, kept[1])
  if not is_read then return nil end
  local codes, seen = {}, {}
  for _, signal in ipairs(verdict.signals or {}) do
    for _, item in ipairs(signal[5] or {}) do
      if #codes < MOST_CODES and not seen[item[1]] then
        seen[item[1]] = true
        codes[#codes + 1] = item[1]
      end
    end
  end
  return {at = tonumber(kept[2] or '0'), action = verdict.action, rule = verdict.rule, codes = codes}
end

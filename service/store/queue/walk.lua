-- Read some of a sorted set from a place in it, in one look, so that nothing is missed or told
-- twice whatever comes and goes: the place is a score and a member, which may have left.
-- KEYS: the set, the facets. ARGV: 'up' or 'down', lowest and highest score, the place's score and member
-- ('' at the start), how many, the size of packed facets, 0 where none are wanted.
-- Returns members and scores by turns, lowest first, as one string, and the facets as another,
-- zeros for those that are not kept: a client takes one long answer ten times as fast as
-- thousands of short ones. Then how many more follow.

local set, direction = KEYS[1], ARGV[1]
local low, high, score, member = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local count, size = tonumber(ARGV[6]), tonumber(ARGV[7])

-- As the server orders members: by their bytes, in no locale.
local function is_before(one, other)
  for at = 1, math.min(#one, #other) do
    local a, b = one:byte(at), other:byte(at)
    if a ~= b then return a < b end
  end
  return #one < #other
end

-- How many members stand before the place; with `itself`, and the one that stands on it.
local function standing_before(itself)
  local first = redis.call('ZCOUNT', set, '-inf', '(' .. score)
  local past = redis.call('ZCOUNT', set, '-inf', score)
  while first < past do
    local middle = math.floor((first + past) / 2)
    local found = redis.call('ZRANGE', set, middle, middle)[1]
    if is_before(found, member) or (itself and found == member) then
      first = middle + 1
    else
      past = middle
    end
  end
  return first
end

local first = low == '-inf' and 0 or redis.call('ZCOUNT', set, '-inf', '(' .. low)
local past = redis.call('ZCOUNT', set, '-inf', high)
if score ~= '' then
  if direction == 'up' then
    first = math.max(first, standing_before(true))
  else
    past = math.min(past, standing_before(false))
  end
end
if first >= past then return {'', '', 0} end
local more = math.max(past - first - count, 0)
if direction == 'up' then past = past - more else first = first + more end
local listed = redis.call('ZRANGE', set, first, past - 1, 'WITHSCORES')
if size == 0 then return {table.concat(listed, ' '), '', more} end
local members = {}
for at = 1, #listed, 2 do members[#members + 1] = listed[at] end
local packed, none = redis.call('HMGET', KEYS[2], unpack(members)), ('\0'):rep(size)
for at = 1, #members do
  if not packed[at] or #packed[at] ~= size then packed[at] = none end
end
return {table.concat(listed, ' '), table.concat(packed), more}

-- Note how full the inboxes are, once in every ten seconds whoever asks.
-- KEYS: the last look, three slots.
-- ARGV: now (ms), least time between two looks (ms), accepted ever, inbox, held, workers alive;
-- then how long to keep each slot (s).

local last = redis.call('HMGET', KEYS[1], 'at', 'accepted')
local now, accepted = tonumber(ARGV[1]), tonumber(ARGV[3])
if last[1] and now - tonumber(last[1]) < tonumber(ARGV[2]) then return 0 end
local came = 0
if last[2] then came = math.max(accepted - tonumber(last[2]), 0) end
redis.call('HSET', KEYS[1], 'at', ARGV[1], 'accepted', ARGV[3])

local function keep(slot, field, value, takes_place)
  local known = redis.call('HGET', slot, field)
  if not known or takes_place(value, tonumber(known)) then redis.call('HSET', slot, field, value) end
end
local function is_more(one, other) return one > other end
local function is_less(one, other) return one < other end

for index = 2, 4 do
  local slot = KEYS[index]
  redis.call('HINCRBY', slot, 'accepted', came)
  redis.call('HINCRBY', slot, 'samples', 1)
  keep(slot, 'inbox', tonumber(ARGV[4]), is_more)
  keep(slot, 'queue', tonumber(ARGV[5]), is_more)
  keep(slot, 'workers', tonumber(ARGV[6]), is_less)
  redis.call('EXPIRE', slot, ARGV[5 + index])
end
return 1

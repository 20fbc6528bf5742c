-- Write down a lesson about a text that is no comment here, unless there are too many already.
-- KEYS: lessons, layer. ARGV: name, lesson, how many lessons there may be.

local lessons, layer = KEYS[1], KEYS[2]
local before = redis.call('HGET', lessons, ARGV[1])
if not before and redis.call('HLEN', lessons) >= tonumber(ARGV[3]) then return 0 end
if before ~= ARGV[2] then
  redis.call('HSET', lessons, ARGV[1], ARGV[2])
  redis.call('HINCRBY', layer, 'taught', 1)
end
return 1

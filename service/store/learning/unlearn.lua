-- Forget some lessons, or all, and whatever of the same decisions waits to be learned.
-- KEYS: waiting, lessons, layer, audit.
-- ARGV: 'all' or 'some', audit entry (JSON), then ids to forget and not to learn.

local waiting, lessons, layer, audit = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local forgotten = 0
if ARGV[1] == 'all' then
  forgotten = redis.call('HLEN', lessons)
  redis.call('DEL', waiting, lessons)
else
  for index = 3, #ARGV do
    redis.call('SREM', waiting, ARGV[index])
    forgotten = forgotten + redis.call('HDEL', lessons, ARGV[index])
  end
end
redis.call('HINCRBY', layer, 'taught', 1)
redis.call('XADD', audit, '*', 'kind', 'unlearned', 'detail', ARGV[2], 'lessons', forgotten)
return forgotten

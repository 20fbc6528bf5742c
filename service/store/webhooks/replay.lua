-- Have events told to one webhook once more, as if they had just happened.
-- KEYS: deliveries, due, dead, state.
-- ARGV: now (ms), most that may wait, then of each: event, the delivery as JSON.

local replayed = 0
for at = 3, #ARGV, 2 do
  local id = ARGV[at]
  local is_dead = redis.call('ZREM', KEYS[3], id) == 1
  if is_dead or redis.call('HLEN', KEYS[1]) < tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], id, ARGV[at + 1])
    redis.call('ZADD', KEYS[2], ARGV[1], id)
    replayed = replayed + 1
  end
end
redis.call('HDEL', KEYS[4], 'rests_until', 'asked_until')
return replayed

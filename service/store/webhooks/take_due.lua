-- Take some of what is due to one webhook. What is not noted before the lease ends is due again.
-- KEYS: due, deliveries, state.
-- ARGV: now (ms), end of the lease (ms), how many, failures in a row after which it is tried one
-- by one, and rests in between.

local rests_until, asked_until, failures = unpack(
  redis.call('HMGET', KEYS[3], 'rests_until', 'asked_until', 'failures'))
local now, count = tonumber(ARGV[1]), ARGV[3]
if rests_until and tonumber(rests_until) > now then return {} end
if asked_until and tonumber(asked_until) > now then return {} end
if failures and tonumber(failures) >= tonumber(ARGV[4]) then count = 1 end
local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, count)) do
  local delivery = redis.call('HGET', KEYS[2], id)
  if delivery then
    redis.call('ZADD', KEYS[1], ARGV[2], id)
    taken[#taken + 1] = id
    taken[#taken + 1] = delivery
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return taken

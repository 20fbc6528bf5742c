-- Compare the counters of the statuses with their listings, and perhaps put them right.
-- KEYS: counters, then the listings. ARGV: '1' to write, then the statuses' names.
-- Returns the names of those that were wrong.

local wrong = {}
for at = 2, #KEYS do
  local field = 'status.' .. ARGV[at]
  local counted = redis.call('ZCARD', KEYS[at])
  if tonumber(redis.call('HGET', KEYS[1], field) or '0') ~= counted then
    wrong[#wrong + 1] = ARGV[at]
    if ARGV[1] == '1' then redis.call('HSET', KEYS[1], field, counted) end
  end
end
return wrong

-- Note what came of calling back about one comment. What moved while the call was out is due
-- again, and stays so.
-- KEYS: callbacks, comment, counters.
-- ARGV: id, due time as it was taken, result that was told or '', when to try again (ms) or ''
-- to end it.

local callbacks, comment, counters = KEYS[1], KEYS[2], KEYS[3]
local id, told, again = ARGV[1], ARGV[3], ARGV[4]
local is_as_taken = redis.call('ZSCORE', callbacks, id) == ARGV[2]
if told ~= '' then
  redis.call('HDEL', comment, 'callback_tries')
  if redis.call('EXISTS', comment) == 1 then redis.call('HSET', comment, 'told', told) end
end
if again ~= '' then
  redis.call('HINCRBY', comment, 'callback_tries', 1)
  if is_as_taken then redis.call('ZADD', callbacks, again, id) end
  return
end
if is_as_taken then redis.call('ZREM', callbacks, id) end
redis.call('HINCRBY', counters, told ~= '' and 'callbacks' or 'callbacks_dropped', 1)

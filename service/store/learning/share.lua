-- Write down what one site's lessons are among those of every site, and which make room.
-- KEYS: lessons, layer.  ARGV: how many to write, then each one's name and lesson, then names to drop.

local lessons, layer = KEYS[1], KEYS[2]
local last = 1 + 2 * tonumber(ARGV[1])
for at = 2, last, 2 do redis.call('HSET', lessons, ARGV[at], ARGV[at + 1]) end
for at = last + 1, #ARGV do redis.call('HDEL', lessons, ARGV[at]) end
return redis.call('HINCRBY', layer, 'taught', 1)

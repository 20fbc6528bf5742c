-- Keep a layer, unless one made of later lessons is kept already.
-- KEYS: lessons, layer.  ARGV: lessons' count when read, made_at (s), layer, then ids to drop.

local lessons, layer = KEYS[1], KEYS[2]
local read_at, made_at, packed = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local state = redis.call('HMGET', layer, 'taught', 'made_of')
if read_at < tonumber(state[2] or '0') then return 0 end
if read_at == tonumber(state[1] or '0') then
  for index = 4, #ARGV do redis.call('HDEL', lessons, ARGV[index]) end
end
redis.call('HSET', layer, 'made_of', read_at, 'made_at', made_at, 'layer', packed)
return redis.call('HINCRBY', layer, 'edition', 1)

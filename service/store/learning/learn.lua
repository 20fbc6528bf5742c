-- Write down what some decisions taught, each only if nothing has changed since it was read.
-- KEYS: waiting, lessons, layer, then one comment each.
-- ARGV: per comment: id, version seen ('' where there is no readable comment), lesson or ''.

local waiting, lessons, layer = KEYS[1], KEYS[2], KEYS[3]
local written = 0
for index = 1, #ARGV / 3 do
  local at = (index - 1) * 3 + 1
  local id, version, lesson = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local current = redis.call('HGET', KEYS[3 + index], 'version')
  if (version == '' or current == version) and redis.call('SREM', waiting, id) == 1 then
    local before = redis.call('HGET', lessons, id) or ''
    if lesson == '' then
      redis.call('HDEL', lessons, id)
    else
      redis.call('HSET', lessons, id, lesson)
    end
    if before ~= lesson then redis.call('HINCRBY', layer, 'taught', 1) end
    written = written + 1
  end
end
return written

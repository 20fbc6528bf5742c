-- Take dead letters off the operator's list; their comments stay held for a moderator.
-- KEYS: the list, its reasons, the audit log. ARGV: actor, then ids.

local dead, reasons, audit = KEYS[1], KEYS[2], KEYS[3]
local found = {}
for index = 2, #ARGV do
  local id = ARGV[index]
  if redis.call('ZREM', dead, id) == 1 then
    redis.call('HDEL', reasons, id)
    redis.call('XADD', audit, '*', 'kind', 'dead-letter-discarded', 'comment', id, 'actor', ARGV[1])
    found[#found + 1] = id
  end
end
return found

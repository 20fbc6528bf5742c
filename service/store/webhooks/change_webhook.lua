-- Make, change or delete one webhook if it is still what the change was made of, and tell of it.
-- KEYS: webhooks, the audit log, then what goes with a webhook that is deleted.
-- ARGV: id, before or '', after or '', how many a site may have, actor, at (ms), the change as JSON.

local id, before, after = ARGV[1], ARGV[2], ARGV[3]
local current = redis.call('HGET', KEYS[1], id) or ''
-- A client whose connection broke sends the same again.
if current == after then return 'done' end
if current ~= before then return 'changed' end
if before == '' and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 'full' end
if after == '' then
  redis.call('HDEL', KEYS[1], id)
  redis.call('DEL', unpack(KEYS, 3))
else
  redis.call('HSET', KEYS[1], id, after)
end
redis.call('XADD', KEYS[2], '*', 'kind', 'settings', 'actor', ARGV[5], 'at', ARGV[6], 'change', ARGV[7])
return 'done'

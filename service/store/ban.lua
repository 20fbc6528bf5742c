-- Put a ban in force, or one of the same person in its place.
-- KEYS: bans, edition, audit.  ARGV: id, ban (JSON), audit entry (JSON), most, then ids of bans
-- that have ended, which make room.

local bans, edition, audit = KEYS[1], KEYS[2], KEYS[3]
local id, ban = ARGV[1], ARGV[2]
for index = 5, #ARGV do redis.call('HDEL', bans, ARGV[index]) end
local is_new = redis.call('HEXISTS', bans, id) == 0
if is_new and redis.call('HLEN', bans) >= tonumber(ARGV[4]) then return 'full' end
redis.call('HSET', bans, id, ban)
redis.call('INCR', edition)
redis.call('XADD', audit, '*', 'kind', 'ban', 'ban', id, 'detail', ARGV[3])
return 'done'

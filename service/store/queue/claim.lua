-- Take a comment for a while, or take it again; somebody else's claim stands.
-- KEYS: claim, comment, live, handled.  ARGV: id, actor, now (ms), lease (ms), live kept.

local claim, comment, live, handled = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, actor, now, lease = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local version, status = unpack(redis.call('HMGET', comment, 'version', 'status'))
if not version then return {'unknown', '', 0} end
local held = redis.call('HMGET', claim, 'actor', 'until')
local is_free = not held[1] or tonumber(held[2]) <= now
if not is_free and held[1] ~= actor then return {'held', held[1], tonumber(held[2])} end
redis.call('HSET', claim, 'actor', actor, 'until', string.format('%d', now + lease))
redis.call('PEXPIRE', claim, lease)
if status == 'held' then redis.call('ZADD', handled, 'NX', now, id) end
if is_free then
  redis.call('XADD', live, 'MAXLEN', '~', ARGV[5], '*',
    'id', id, 'what', 'claimed', 'version', version, 'by', actor)
end
return {'held', actor, now + lease}

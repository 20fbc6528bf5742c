-- Let a comment go that one has claimed; anybody else's claim stands.
-- KEYS: claim, comment, live.  ARGV: id, actor, live kept.

local claim, comment, live = KEYS[1], KEYS[2], KEYS[3]
if redis.call('HGET', claim, 'actor') ~= ARGV[2] then return 0 end
redis.call('DEL', claim)
redis.call('XADD', live, 'MAXLEN', '~', ARGV[3], '*', 'id', ARGV[1], 'what', 'released',
  'version', redis.call('HGET', comment, 'version') or 0, 'by', ARGV[2])
return 1

-- End a ban.  KEYS: bans, edition, audit.  ARGV: id, actor.

if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('INCR', KEYS[2])
redis.call('XADD', KEYS[3], '*', 'kind', 'lift', 'ban', ARGV[1], 'actor', ARGV[2])
return 1

-- Set a comment aside that no worker survived: held, unscreened, and on the operator's list.
-- ARGV: id, revision, entry, group, verdict, why (JSON), now (ms), facets.

local shared, k = shared_keys(), keys_of(1)
local id, revision, entry, group = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local current = redis.call('HMGET', k.comment, 'status', 'revision', 'submitted_at')
if current[1] == 'received' and current[2] == revision then
  redis.call('HSET', k.comment, 'verdict', ARGV[5], 'settled_at', ARGV[7])
  redis.call('HSET', shared.facets, id, ARGV[8])
  local version = move(shared, k, id, 'received', 'held', current[3])
  announce_verdict(shared, id, ARGV[5], 'received', 'held', version)
  redis.call('ZADD', shared.unscreened, current[3], id)
  redis.call('HINCRBY', shared.counters, 'settled', 1)
  redis.call('HINCRBY', shared.counters, 'unscreened', 1)
  redis.call('ZADD', shared.dead, ARGV[7], id)
  redis.call('HSET', shared.dead_reasons, id, ARGV[6])
end
redis.call('XACK', shared.inbox, group, entry)
redis.call('XDEL', shared.inbox, entry)
return 1

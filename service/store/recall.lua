-- Take approved comments of a campaign back into the queue. One that is no longer approved, or
-- that a moderator approved, only loses its note.
-- KEYS: shared, eight per comment, each one's trail, the notes.
-- ARGV: per comment: id, verdict, facets.

local shared = shared_keys()
local notes = KEYS[#KEYS]
local recalled = {}
local count = #ARGV / 3
for index = 1, count do
  local at = index * 3
  local id, verdict, packed = ARGV[at - 2], ARGV[at - 1], ARGV[at]
  local k = keys_of(index)
  local trail = KEYS[#SHARED + count * PER_COMMENT + index]
  local current = redis.call('HMGET', k.comment, 'status', 'submitted_at', 'decision')
  recalled[index] = 0
  if current[1] == 'approved' and not current[3] then
    local now = now_ms()
    trace(trail, {kind = 'recall', at = now, verdict = gist(k.comment)})
    redis.call('HSET', k.comment, 'verdict', verdict, 'settled_at', string.format('%d', now))
    redis.call('HSET', shared.facets, id, packed)
    local version = move(shared, k, id, 'approved', 'held', current[2])
    announce_verdict(shared, id, verdict, 'approved', 'held', version)
    redis.call('HINCRBY', shared.counters, 'recalled', 1)
    redis.call('XADD', shared.audit, '*', 'kind', 'recall', 'comment', id)
    recalled[index] = 1
  end
  redis.call('HDEL', notes, id)
end
return recalled

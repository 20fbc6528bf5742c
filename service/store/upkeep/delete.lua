-- Delete refused comments for good. One that was ever answered leaves a tombstone, as a
-- withdrawn one does. An author's record still counts what was refused.
-- KEYS: shared, eight per comment, then what else is kept of each: trail, past, notes, claim,
-- report notes, reasons of decisions.
-- ARGV: status, then per comment: id, emptied content, its facets.

local shared = shared_keys()
local status = ARGV[1]
local deleted = 0
local count = (#ARGV - 1) / 3
for index = 1, count do
  local own = #SHARED + count * PER_COMMENT + (index - 1) * 6
  local id, emptied, facets = ARGV[index * 3 - 1], ARGV[index * 3], ARGV[index * 3 + 1]
  local k = keys_of(index)
  local current = redis.call('HMGET', k.comment, 'status', 'submitted_at', 'replies')
  if current[1] == status then
    forget_readers_and_appeal(shared, k, id, KEYS[own + 5])
    if current[3] then
      move(shared, k, id, status, 'deleted', current[2])
      redis.call('HSET', shared.facets, id, facets)
      redis.call('HSET', k.comment, 'content', emptied, 'withdrawn', '1')
      redis.call('HDEL', k.comment, 'personal', 'email_hash', 'ip_hash', 'facts', 'verdict',
        'author', 'original', 'edited_by', 'trial', 'decision')
    else
      leave(shared, k, id, status)
      redis.call('HDEL', shared.facets, id)
      redis.call('DEL', k.comment)
    end
    redis.call('DEL', KEYS[own + 6], unpack(KEYS, own + 1, own + 4))
    count_author(k, status, 1)
    deleted = deleted + 1
  end
end
return deleted

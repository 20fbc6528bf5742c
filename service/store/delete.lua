-- Delete refused comments for good. One that was ever answered leaves a tombstone, as a
-- withdrawn one does. An author's record still counts what was refused.
-- KEYS: shared, eight per comment.
-- ARGV: status, then per comment: id, emptied content, its facets.

local shared = shared_keys()
local status = ARGV[1]
local deleted = 0
for index = 1, (#ARGV - 1) / 3 do
  local id, emptied, facets = ARGV[index * 3 - 1], ARGV[index * 3], ARGV[index * 3 + 1]
  local k = keys_of(index)
  local current = redis.call('HMGET', k.comment, 'status', 'submitted_at', 'replies')
  if current[1] == status then
    if current[3] then
      move(shared, k, id, status, 'deleted', current[2])
      redis.call('HSET', shared.facets, id, facets)
      redis.call('HSET', k.comment, 'content', emptied, 'withdrawn', '1')
      redis.call('HDEL', k.comment, 'personal', 'email_hash', 'ip_hash', 'facts', 'verdict', 'author')
    else
      leave(shared, k, id, status)
      redis.call('HDEL', shared.facets, id)
      redis.call('DEL', k.comment)
    end
    count_author(k, status, 1)
    deleted = deleted + 1
  end
end
return deleted

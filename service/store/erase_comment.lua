-- Leave nothing personal of a comment: its place in the thread, and when it came, stay.
-- KEYS: shared, one comment's, its trail, past, moderators' notes, claim, the notes of its
-- reports, waiting to be learned, lessons, layer, ordinary, to be taken back, the reasons of
-- decisions on it.
-- ARGV: id, actor, emptied content, its facets.

local shared, k = shared_keys(), keys_of(1)
local first = #SHARED + PER_COMMENT
local trail, past, notes, claim = KEYS[first + 1], KEYS[first + 2], KEYS[first + 3], KEYS[first + 4]
local report_notes, waiting, lessons = KEYS[first + 5], KEYS[first + 6], KEYS[first + 7]
local layer, ordinary, recalls = KEYS[first + 8], KEYS[first + 9], KEYS[first + 10]
local reasons = KEYS[first + 11]
local id, actor, emptied, facets = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local KEPT = {
  status = true, version = true, revision = true, content = true, page_key = true, parent = true,
  root = true, depth = true, replies = true, submitted_at = true, received_at = true,
  withdrawn = true, erased = true,
}

local current = redis.call('HMGET', k.comment, 'status', 'submitted_at', 'erased')
local from = current[1]
if not from then return 'unknown' end
if current[3] then return 'erased' end
local version
if from == 'deleted' then
  version = redis.call('HINCRBY', k.comment, 'version', 1)
else
  version = move(shared, k, id, from, 'deleted', current[2])
end
announce(shared, 'erased', id, {from = from, to = 'deleted', version = version, by = actor})
forget_readers_and_appeal(shared, k, id, report_notes)
redis.call('DEL', trail, past, notes, claim, reasons)
redis.call('HSET', k.comment, 'content', emptied, 'withdrawn', '1', 'erased', '1')
for _, name in ipairs(redis.call('HKEYS', k.comment)) do
  if not KEPT[name] then redis.call('HDEL', k.comment, name) end
end

keep_facets(shared, k, id, 'deleted', current[2], facets)
redis.call('SREM', waiting, id)
if redis.call('HDEL', lessons, id) == 1 then redis.call('HINCRBY', layer, 'taught', 1) end
redis.call('HDEL', ordinary, 'made_at')
redis.call('HDEL', recalls, id)
for _, line in ipairs(redis.call('LRANGE', shared.recent, 0, -1)) do
  if line:sub(-#id) == id then redis.call('LREM', shared.recent, 0, line) end
end
redis.call('HINCRBY', shared.counters, 'erased', 1)
redis.call('XADD', shared.audit, '*', 'kind', 'erased', 'comment', id, 'actor', actor)
return 'erased'

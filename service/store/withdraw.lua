-- An author takes a comment back: a tombstone stays, nothing personal and no words with it.
-- KEYS: shared, one comment's, its trail, its past, the notes of its reports.
-- ARGV: id, not_before (ms), emptied content, its facets.

local shared, k = shared_keys(), keys_of(1)
local trail, past, notes = KEYS[#KEYS - 2], KEYS[#KEYS - 1], KEYS[#KEYS]
local id, not_before, emptied = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local current = redis.call('HMGET', k.comment, 'status', 'received_at', 'submitted_at', 'withdrawn')
local from = current[1]
if not from then return 'unknown' end
if current[4] then return 'withdrawn' end
if tonumber(current[2]) < not_before then return 'too_late' end
local version = move(shared, k, id, from, 'deleted', current[3])
announce(shared, 'erased', id, {from = from, to = 'deleted', version = version, by = 'author'})
redis.call('HSET', shared.facets, id, ARGV[4])
redis.call('HSET', k.comment, 'content', emptied, 'withdrawn', '1')
redis.call('HDEL', k.comment, 'personal', 'email_hash', 'ip_hash', 'facts', 'verdict', 'author',
  'original', 'edited_by')
redis.call('DEL', past)
trace(trail, {kind = 'withdrawal', at = now_ms()})
forget_readers_and_appeal(shared, k, id, notes)
redis.call('HINCRBY', shared.counters, 'withdrawn', 1)
return 'withdrawn'

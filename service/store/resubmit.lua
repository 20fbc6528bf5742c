-- Put a comment back into the inbox: an author's edit (new content), a retried dead letter, or a
-- held comment that some check could not judge.
-- KEYS: shared, one comment's, its trail, bell.
-- ARGV: id, kind ('edit', 'edit unseen' for one whose author is not to know that it was refused,
-- 'retry' or 'rescreen'), content, not_before (ms), bell_ttl.

local shared, k = shared_keys(), keys_of(1)
local trail, bell = KEYS[#KEYS - 1], KEYS[#KEYS]
local id, kind, content, not_before, bell_ttl = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local current = redis.call('HMGET', k.comment,
  'status', 'received_at', 'submitted_at', 'decision', 'held_by_reports')
local from = current[1]
if not from then return {'unknown', 0} end
if kind == 'retry' then
  if not redis.call('ZSCORE', shared.dead, id) then return {'unknown', 0} end
elseif kind == 'rescreen' then
  if from ~= 'held' or not redis.call('ZSCORE', shared.unscreened, id) then return {'unknown', 0} end
else
  local is_refused = (from == 'rejected' or from == 'spam') and kind == 'edit'
  if from == 'deleted' or is_refused or current[4] or current[5] then return {'closed', 0} end
  if tonumber(current[2]) < not_before then return {'too_late', 0} end
  redis.call('HSET', k.comment, 'content', content)
end
local version
if from == 'received' then
  version = redis.call('HINCRBY', k.comment, 'version', 1)
else
  version = move(shared, k, id, from, 'received', current[3])
end
announce(shared, 'received', id, {
  from = from, to = 'received', version = version, because = kind == 'retry' and 'retry' or 'edit'})
local revision = redis.call('HINCRBY', k.comment, 'revision', 1)
trace(trail, {kind = kind == 'rescreen' and 'retry' or kind, at = now_ms(), verdict = gist(k.comment)})
redis.call('HDEL', k.comment, 'verdict', 'settled_at')
redis.call('XADD', shared.inbox, '*', 'id', id, 'revision', revision)
local ring = 0
if redis.call('SET', bell, '1', 'NX', 'PX', bell_ttl) then ring = 1 end
return {'accepted', ring}

-- An author appeals, once, against a refusal that is not too old.
-- KEYS: shared, one comment's, its trail. ARGV: id, text, now (ms), refused not before (ms).

local shared, k = shared_keys(), keys_of(1)
local id, text, now, not_before = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local current = redis.call('HMGET', k.comment,
  'status', 'decision', 'received_at', 'withdrawn', 'appeal')
local status = current[1]
if not status then return 'unknown' end
if current[5] then return 'appealed' end
if current[4] or (status ~= 'rejected' and status ~= 'spam') then return 'not_refused' end
local decision = current[2] and cjson.decode(current[2])
local by, refused_at = 'machine', tonumber(current[3])
if decision and decision.to == status then by, refused_at = decision.actor, decision.at end
if refused_at < not_before then return 'too_late' end
redis.call('HSET', k.comment, 'appeal', cjson.encode({
  text = text, at = now, by = by, outcome = '', decided_by = '', decided_at = 0}))
redis.call('ZADD', shared.appeals, now, id)
redis.call('HINCRBY', shared.appeal_counts, 'filed', 1)
redis.call('XADD', shared.audit, '*', 'kind', 'appeal', 'comment', id, 'outcome', 'filed',
  'refused_by', by)
trace(KEYS[#KEYS], {kind = 'appeal', reason = text, at = now})
return 'appealed now'

-- Keep one reader's report of an approved comment. Open reports that weigh enough send it back
-- into the queue.
-- KEYS: shared, one comment's, the notes of its reports, its trail, then rate limits.
-- ARGV: id, who, reason, note, now (ms), weight that holds (0 for never), most kept, revision seen,
-- verdict of a held comment, then burst and window (ms) of each limit.

local shared, k = shared_keys(), keys_of(1)
local NOTES = #SHARED + PER_COMMENT + 1
local notes, trail = KEYS[NOTES], KEYS[NOTES + 1]
local id, who, reason, note, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local hold_at, most, revision, verdict = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[9]
local FIRST_LIMIT = 10
local HALF_A_DIGIT = 0.00005  -- weights keep four decimals

-- Judged by moderators: 1 for nobody knows, towards 2 for who was right, towards 0.25 for who was not.
local function weight_of(reporter)
  local record = redis.call('HMGET', shared.reporters, reporter .. ':y', reporter .. ':n')
  local agreed, wrong = tonumber(record[1] or '0'), tonumber(record[2] or '0')
  return math.min(2, math.max(0.25, 2 * (agreed + 2) / (agreed + wrong + 4)))
end

local function told(to, version)
  announce(shared, 'report', id, {
    from = 'approved', to = to, version = tonumber(version), reason = reason, at = tonumber(now)})
end

local current = redis.call('HMGET', k.comment, 'status', 'revision', 'submitted_at', 'reports')
if current[1] ~= 'approved' then return {'unknown'} end
local kept, open_weight, oldest_judged = {}, 0, nil
for each in string.gmatch(current[4] or '', '%S+') do
  local other, weight, outcome = each:match('^(%x+):[^:]+:([^:]+):[^:]+:([yn-])$')
  if other == who then return {'known'} end
  kept[#kept + 1] = each
  if outcome == '-' then
    open_weight = open_weight + tonumber(weight)
  elseif not oldest_judged then
    oldest_judged = #kept
  end
end
if current[2] ~= revision then return {'changed'} end
local is_refused, limits = spend(NOTES + 2, FIRST_LIMIT, now_ms())
if is_refused then return {'limited', limits} end

redis.call('HINCRBY', k.comment, 'reports_total', 1)
redis.call('HINCRBY', shared.counters, 'reports', 1)
if #kept >= most and oldest_judged then
  local gone = table.remove(kept, oldest_judged)
  redis.call('HDEL', notes, gone:match('^%x+'))
end
if #kept >= most then
  told('approved', redis.call('HGET', k.comment, 'version'))
  return {'kept', 0}
end
local weight = weight_of(who)
open_weight = open_weight + weight
kept[#kept + 1] = string.format('%s:%s:%.4f:%s:-', who, reason, weight, now)
redis.call('HSET', k.comment, 'reports', table.concat(kept, ' '))
if note ~= '' then redis.call('HSET', notes, who, note) end
if hold_at == 0 or open_weight < hold_at - HALF_A_DIGIT then
  told('approved', redis.call('HGET', k.comment, 'version'))
  return {'kept', 0}
end

trace(trail, {kind = 'report', from = 'approved', to = 'held', at = tonumber(now), verdict = gist(k.comment)})
redis.call('HSET', k.comment, 'verdict', verdict, 'settled_at', now, 'held_by_reports', '1')
told('held', move(shared, k, id, 'approved', 'held', current[3]))
redis.call('HINCRBY', shared.counters, 'held_by_reports', 1)
redis.call('XADD', shared.audit, '*', 'kind', 'report', 'comment', id,
  'weight', string.format('%.2f', open_weight))
return {'kept', 1}

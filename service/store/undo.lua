-- Take the last decision on a comment back: everything is as the one before it left it.
-- KEYS: shared, the comment's, its trail, past and claim, waiting to be learned.
-- ARGV: id, expected version, actor, undone_at (ms).

local shared, k = shared_keys(), keys_of(1)
local own = #SHARED + PER_COMMENT
local trail, past = KEYS[own + 1], KEYS[own + 2]
local waiting = KEYS[#KEYS]
local id, expected, actor, undone_at = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local current = redis.call('HMGET', k.comment, 'status', 'version', 'submitted_at', 'withdrawn', 'decision')
local from, version, last = current[1], current[2], current[5]
if not from then return {'unknown', 0, '', ''} end
local function left_as(outcome) return {outcome, tonumber(version), from, from} end
if expected ~= version then return left_as('stale') end
if current[4] then return left_as('withdrawn') end
if from == 'received' then return left_as('unsettled') end
if not last then return left_as('nothing') end
local decision = cjson.decode(last)
if decision.to ~= from then return left_as('stale') end
local kept = redis.call('RPOP', past)
if not kept then return left_as('nothing') end

local before = cjson.decode(kept)
local to = before.from
if before.content then
  redis.call('HSET', k.comment, 'content', before.content)
  local bytes = before.facets:gsub('..', function(pair) return string.char(tonumber(pair, 16)) end)
  if bytes ~= '' then redis.call('HSET', shared.facets, id, bytes) end
  if before.edited_by then
    redis.call('HSET', k.comment, 'edited_by', before.edited_by)
  else
    redis.call('HDEL', k.comment, 'original', 'edited_by')
  end
end
local new
if from == to then
  new = redis.call('HINCRBY', k.comment, 'version', 1)
  if before.content and to == 'approved' then redis.call('HINCRBY', k.page, 'version', 1) end
else
  new = move(shared, k, id, from, to, current[3])
end
if before.decision then
  redis.call('HSET', k.comment, 'decision', before.decision)
else
  redis.call('HDEL', k.comment, 'decision')
end
local is_decided = before.decision and cjson.decode(before.decision).to == to
judge_reports(shared, k, id, is_decided and to or 'held')
reopen_appeal(shared, k, id, decision.at)
if before.unscreened then redis.call('ZADD', shared.unscreened, before.unscreened, id) end
if before.reported then mark_reported(shared, id, before.reported) end
redis.call('ZREM', shared.handled, id)
if before.handled then redis.call('ZADD', shared.handled, before.handled, id) end
if before.dead then
  redis.call('ZADD', shared.dead, before.dead, id)
  redis.call('HSET', shared.dead_reasons, id, before.why)
end
-- A move into the queue or out of it has told the open pages already.
if from == to or (from ~= 'held' and to ~= 'held') then tell(shared, id, to, new) end
redis.call('HINCRBY', shared.counters, 'decisions', -1)
redis.call('HINCRBY', shared.counters, 'undone', 1)
redis.call('SADD', waiting, id)
redis.call('XADD', shared.audit, '*', 'kind', 'undo', 'comment', id, 'detail', cjson.encode({
  actor = actor, from = from, to = to, decided_by = decision.actor}))
announce(shared, 'decision', id, {
  from = from, to = to, version = new, actor = actor, at = undone_at,
  undoes = {actor = decision.actor, to = decision.to, at = decision.at}})
trace(trail, {kind = 'undo', actor = actor, from = from, to = to, at = undone_at})
return {'done', new, from, to}

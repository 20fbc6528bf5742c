-- Carry out one decision on each of some comments.
-- KEYS: shared, each comment's, waiting to be learned.
-- ARGV: actor, reason, decided_at (ms), then per comment: id, status, expected version or ''.

local shared = shared_keys()
local waiting = KEYS[#KEYS]
local actor, reason, decided_at = ARGV[1], ARGV[2], ARGV[3]
local outcomes = {}
local first, width = 4, 3
for index = 1, (#ARGV - 3) / width do
  local at = first + (index - 1) * width
  local id, to, expected = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local k = keys_of(index)
  local current = redis.call('HMGET', k.comment, 'status', 'version', 'submitted_at', 'withdrawn')
  local from, version = current[1], current[2]
  if not from then
    outcomes[index] = {'unknown', 0, ''}
  elseif expected ~= '' and expected ~= version then
    outcomes[index] = {'stale', tonumber(version), from}
  elseif from == 'received' then
    outcomes[index] = {'unsettled', tonumber(version), from}
  elseif current[4] then
    outcomes[index] = {'withdrawn', tonumber(version), from}
  else
    local decision = cjson.encode({
      actor = actor, reason = reason, from = from, to = to, at = tonumber(decided_at)})
    redis.call('HSET', k.comment, 'decision', decision)
    local new = tonumber(version)
    if from == to then
      new = redis.call('HINCRBY', k.comment, 'version', 1)
      redis.call('ZREM', shared.unscreened, id)
      forget_dead(shared, id)
    else
      new = move(shared, k, id, from, to, current[3])
    end
    redis.call('HINCRBY', shared.counters, 'decisions', 1)
    redis.call('SADD', waiting, id)
    redis.call('XADD', shared.audit, '*', 'kind', 'decision', 'comment', id, 'decision', decision)
    outcomes[index] = {'done', new, from}
  end
end
return outcomes

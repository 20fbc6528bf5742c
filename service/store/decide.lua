-- Carry out one decision on each of some comments, and keep what it takes the place of.
-- KEYS: shared, each comment's, then each one's trail, past, claim and reasons; waiting to be
-- learned.
-- ARGV: actor, reason, decided_at (ms), then per comment: id, status, expected version or '',
-- new content or '' and its facets.

local shared = shared_keys()
local waiting = KEYS[#KEYS]
local actor, reason, decided_at = ARGV[1], ARGV[2], tonumber(ARGV[3])
local outcomes = {}
local first, width = 4, 5
local count = (#ARGV - 3) / width

-- A client whose connection broke sends the same again.
local function is_repeated(k, last, status, to, content)
  if not last or status ~= to then return false end
  if content ~= '' and redis.call('HGET', k.comment, 'content') ~= content then return false end
  local before = cjson.decode(last)
  return before.at == decided_at and before.actor == actor and before.to == to
end

-- JSON holds text; facets are bytes.
local function hex(bytes)
  return (bytes:gsub('.', function(byte) return string.format('%02x', byte:byte()) end))
end

local function snapshot(k, id, from, last, content)
  local before = {from = from, decision = last or nil}
  local held = redis.call('ZSCORE', shared.unscreened, id)
  if held then before.unscreened = held end
  local reported = redis.call('ZSCORE', shared.reported, id)
  if reported then before.reported = reported end
  local handled = redis.call('ZSCORE', shared.handled, id)
  if handled then before.handled = handled end
  local dead = redis.call('ZSCORE', shared.dead, id)
  if dead then
    before.dead = dead
    before.why = redis.call('HGET', shared.dead_reasons, id) or '{}'
  end
  if content ~= '' then
    local words = redis.call('HMGET', k.comment, 'content', 'edited_by')
    before.content = words[1]
    before.edited_by = words[2] or nil
    before.facets = hex(redis.call('HGET', shared.facets, id) or '')
  end
  return before
end

local function rewrite(k, from, to, content)
  redis.call('HSETNX', k.comment, 'original', redis.call('HGET', k.comment, 'content'))
  redis.call('HSET', k.comment, 'content', content, 'edited_by', actor)
  if from == 'approved' and to == 'approved' then redis.call('HINCRBY', k.page, 'version', 1) end
end

-- What was written about a comment stands apart from the log, or it could not be erased.
local function enter(reasons, id, event)
  local told = {from = event.from, to = event.to, at = event.at, actor = actor, edited = event.edited}
  if reason ~= '' then told.has_reason = true end
  local entry = redis.call('XADD', shared.audit, '*', 'kind', 'decision', 'comment', id,
    'decision', cjson.encode(told))
  if reason ~= '' then redis.call('HSET', reasons, entry, reason) end
end

for index = 1, count do
  local at = first + (index - 1) * width
  local id, to, expected = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local content, packed = ARGV[at + 3], ARGV[at + 4]
  local k = keys_of(index)
  local own = #SHARED + count * PER_COMMENT + (index - 1) * 4
  local trail, past, claim, reasons = KEYS[own + 1], KEYS[own + 2], KEYS[own + 3], KEYS[own + 4]
  local current = redis.call('HMGET', k.comment, 'status', 'version', 'submitted_at', 'withdrawn', 'decision')
  local from, version, last = current[1], current[2], current[5]
  if not from then
    outcomes[index] = {'unknown', 0, '', ''}
  elseif is_repeated(k, last, from, to, content) then
    outcomes[index] = {'done', tonumber(version), cjson.decode(last).from, from}
  elseif expected ~= '' and expected ~= version then
    outcomes[index] = {'stale', tonumber(version), from, from}
  elseif from == 'received' then
    outcomes[index] = {'unsettled', tonumber(version), from, from}
  elseif current[4] then
    outcomes[index] = {'withdrawn', tonumber(version), from, from}
  else
    local event = {actor = actor, reason = reason, from = from, to = to, at = decided_at}
    if content ~= '' then event.edited = true end
    local decision = cjson.encode(event)
    redis.call('RPUSH', past, cjson.encode(snapshot(k, id, from, last, content)))
    redis.call('LTRIM', past, -PAST_KEPT, -1)
    redis.call('HSET', k.comment, 'decision', decision)
    if content ~= '' then rewrite(k, from, to, content) end
    local new = tonumber(version)
    if from == to then
      new = redis.call('HINCRBY', k.comment, 'version', 1)
      redis.call('ZREM', shared.unscreened, id)
      forget_dead(shared, id)
      if to == 'held' then tell(shared, id, to, new) end
    else
      new = move(shared, k, id, from, to, current[3])
    end
    if content ~= '' then keep_facets(shared, k, id, to, current[3], packed) end
    if to == 'held' then redis.call('ZADD', shared.handled, 'NX', decided_at, id) end
    redis.call('DEL', claim)
    settle_with(shared, k, id, to, actor, decided_at)
    redis.call('HINCRBY', shared.counters, 'decisions', 1)
    redis.call('SADD', waiting, id)
    enter(reasons, id, event)
    announce(shared, 'decision', id, {
      from = from, to = to, version = new, actor = actor, at = decided_at, edited = event.edited})
    event.kind = 'decision'
    trace(trail, event)
    outcomes[index] = {'done', new, from, to}
  end
end
return outcomes

-- Moving one comment from a status to another, with every index that shows it.
-- Prepended to the scripts that do so. `shared` names the site's keys, `k` one comment's.

local function count_author(k, status, by)
  if k.author == '' then return end
  if status == 'approved' then
    redis.call('HINCRBY', k.author, 'approved', by)
  elseif status == 'rejected' or status == 'spam' then
    redis.call('HINCRBY', k.author, 'refused', by)
  end
end

-- Below an answered comment that went, a tombstone keeps its place: the one above is listed
-- (again), and once answered it is never taken from the listing. What has nothing visible
-- below it is left out when the thread is read.
-- What another's site shows itself (`origin`) stands in no thread of ours.
local function show(k, id, at)
  if redis.call('HEXISTS', k.comment, 'origin') == 1 then return end
  redis.call('ZADD', k.listing, at, id)
  redis.call('HINCRBY', k.page, 'count', 1)
  if k.parent == k.comment then return end
  local parent_at = redis.call('HGET', k.parent, 'submitted_at')
  if not parent_at then return end
  redis.call('ZADD', k.parent_listing, parent_at, redis.call('HGET', k.comment, 'parent'))
  redis.call('HINCRBY', k.parent, 'replies', 1)
end

local function hide(k, id)
  if redis.call('HEXISTS', k.comment, 'origin') == 1 then return end
  redis.call('HINCRBY', k.page, 'count', -1)
  if k.parent ~= k.comment and redis.call('EXISTS', k.parent) == 1 then
    redis.call('HINCRBY', k.parent, 'replies', -1)
  end
  if redis.call('HEXISTS', k.comment, 'replies') == 0 then
    redis.call('ZREM', k.listing, id)
  end
end

-- What somebody has moved on is no operator's work any more.
local function forget_dead(shared, id)
  if redis.call('ZREM', shared.dead, id) == 1 then redis.call('HDEL', shared.dead_reasons, id) end
end

-- The queue's indexes: which held comments have what a filter asks for. They are made of the
-- comment's packed facets (facets.py), so that what comes in can be taken out again exactly.
-- A rank puts the highest value first and, among equals, the oldest.
local ATTRIBUTES = {
  'spam_score', 'toxicity', 'severe_toxicity', 'insult', 'threat', 'identity_attack', 'profanity',
  'sexually_explicit',
}
local WHOLE_SCORE, MOST_REACH, SECONDS = 10000, 524287, 8589934592

local function rank(value, most, at)
  local second = math.min(math.max(math.floor(at / 1000), 0), SECONDS - 1)
  return string.format('%.0f', (most - math.min(value, most)) * SECONDS + second)
end

local function read_facets(packed)
  local bytes, scores, highest = {packed:byte(9, 24)}, {}, 0
  for place, name in ipairs(ATTRIBUTES) do
    local score = bytes[place * 2 - 1] + bytes[place * 2] * 256
    scores[name] = score
    highest = math.max(highest, score)
  end
  return scores, highest, packed:byte(2) % 2 == 1, packed:sub(3, 4)
end

local function index(shared, k, id, at)
  local packed = redis.call('HGET', shared.facets, id)
  if not packed then return end
  at = tonumber(at)
  local reach = math.max(tonumber(redis.call('HGET', k.page, 'count') or 0), 0)
  packed = packed:sub(1, 4) .. struct.pack('<I4', reach) .. packed:sub(9)
  redis.call('HSET', shared.facets, id, packed)
  local scores, highest, has_link, lang = read_facets(packed)
  redis.call('ZADD', shared.severity, rank(highest, WHOLE_SCORE, at), id)
  redis.call('ZADD', shared.reach, rank(reach, MOST_REACH, at), id)
  for name, score in pairs(scores) do
    if score > 0 then redis.call('ZADD', shared[name], rank(score, WHOLE_SCORE, at), id) end
  end
  if has_link then redis.call('ZADD', shared.with_link, at, id) end
  redis.call('ZADD', shared['lang_' .. lang] or shared.lang_other, at, id)
  redis.call('ZADD', k.held_on, at, id)
  if k.held_by ~= '' then redis.call('ZADD', k.held_by, at, id) end
end

local function unindex(shared, k, id)
  redis.call('ZREM', shared.reported, id)
  local packed = redis.call('HGET', shared.facets, id)
  if not packed then return end
  local scores, _, has_link, lang = read_facets(packed)
  redis.call('ZREM', shared.severity, id)
  redis.call('ZREM', shared.reach, id)
  for name, score in pairs(scores) do
    if score > 0 then redis.call('ZREM', shared[name], id) end
  end
  if has_link then redis.call('ZREM', shared.with_link, id) end
  redis.call('ZREM', shared['lang_' .. lang] or shared.lang_other, id)
  redis.call('ZREM', k.held_on, id)
  if k.held_by ~= '' then redis.call('ZREM', k.held_by, id) end
end

-- Keep a comment's facets, made anew because its verdict or its words changed; `status` is
-- where it stands now.
local function keep_facets(shared, k, id, status, at, packed)
  if status ~= 'held' then
    redis.call('HSET', shared.facets, id, packed)
    return
  end
  local reported = redis.call('ZSCORE', shared.reported, id)
  unindex(shared, k, id)
  redis.call('HSET', shared.facets, id, packed)
  index(shared, k, id, at)
  if reported then redis.call('ZADD', shared.reported, reported, id) end
end

-- Mark a held comment as reported by readers, as long as it stays in the queue.
local function mark_reported(shared, id, at)
  if redis.call('ZSCORE', shared.held, id) then redis.call('ZADD', shared.reported, at, id) end
end

local function has_open_reports(k)
  local reports = redis.call('HGET', k.comment, 'reports')
  return reports and (reports .. ' '):find(':- ', 1, true)
end

local function leave(shared, k, id, from)
  if from == 'received' then return end
  if from == 'held' then unindex(shared, k, id) end
  redis.call('ZREM', shared[from], id)
  redis.call('ZREM', shared.unscreened, id)
  redis.call('ZREM', shared.handled, id)
  forget_dead(shared, id)
  redis.call('HINCRBY', shared.counters, 'status.' .. from, -1)
  count_author(k, from, -1)
  if from == 'approved' then hide(k, id) end
end

local function enter(shared, k, id, to, at)
  if to == 'received' then
    redis.call('HDEL', shared.facets, id)
    return
  end
  redis.call('ZADD', shared[to], at, id)
  if to == 'held' then
    index(shared, k, id, at)
    if has_open_reports(k) then mark_reported(shared, id, at) end
  end
  redis.call('HINCRBY', shared.counters, 'status.' .. to, 1)
  if k.author ~= '' then redis.call('HSETNX', k.author, 'first_seen', at) end
  count_author(k, to, 1)
  if to == 'approved' then show(k, id, at) end
end

-- What open pages of the queue are told: which comment came, changed or went.
local LIVE_KEPT = 1000

local function tell(shared, id, what, version)
  redis.call('XADD', shared.live, 'MAXLEN', '~', LIVE_KEPT, '*', 'id', id, 'what', what, 'version', version)
end

local function move(shared, k, id, from, to, at)
  leave(shared, k, id, from)
  enter(shared, k, id, to, at)
  redis.call('HSET', k.comment, 'status', to)
  if from == 'approved' or to == 'approved' then
    redis.call('HINCRBY', k.page, 'version', 1)
  end
  local version = redis.call('HINCRBY', k.comment, 'version', 1)
  -- Due at once, for whoever asked about the comment and waits to be called back.
  if redis.call('HEXISTS', k.comment, 'callback') == 1 then redis.call('ZADD', shared.callbacks, 0, id) end
  if from == 'held' or to == 'held' then tell(shared, id, to, version) end
  return version
end

-- What readers reported of a comment stands in its hash, one word each: who, for what, how much
-- it weighs, when (ms), and what a moderator made of it: '-' nothing yet, 'y' agreed, 'n' not.
local JUDGED = {approved = 'n', rejected = 'y', spam = 'y', deleted = 'y'}

-- A decision judges every report of its comment; one that holds it, or that is taken back,
-- leaves them open again. Each reporter's record follows.
local function judge_reports(shared, k, id, to)
  local reports = redis.call('HGET', k.comment, 'reports')
  if not reports then return end
  local outcome, judged = JUDGED[to] or '-', {}
  for who, said, before in reports:gmatch('(%x+):(%S+):([yn-])') do
    judged[#judged + 1] = who .. ':' .. said .. ':' .. outcome
    if before ~= outcome and before ~= '-' then
      redis.call('HINCRBY', shared.reporters, who .. ':' .. before, -1)
    end
    if before ~= outcome and outcome ~= '-' then
      redis.call('HINCRBY', shared.reporters, who .. ':' .. outcome, 1)
    end
  end
  redis.call('HSET', k.comment, 'reports', table.concat(judged, ' '))
  if outcome == '-' then
    mark_reported(shared, id, redis.call('HGET', k.comment, 'submitted_at'))
  else
    redis.call('ZREM', shared.reported, id)
  end
end

-- Close an open appeal: 'granted' or 'upheld'. One answered by who refused is marked in the audit.
local function answer_appeal(shared, k, id, outcome, actor, at)
  local stored = redis.call('HGET', k.comment, 'appeal')
  local appeal = stored and cjson.decode(stored)
  if not appeal or appeal.outcome ~= '' then return false end
  appeal.outcome, appeal.decided_by, appeal.decided_at = outcome, actor, tonumber(at)
  redis.call('HSET', k.comment, 'appeal', cjson.encode(appeal))
  redis.call('ZREM', shared.appeals, id)
  redis.call('HINCRBY', shared.appeal_counts, outcome, 1)
  redis.call('HINCRBY', shared.appeal_counts, outcome .. ':' .. appeal.by, 1)
  redis.call('XADD', shared.audit, '*', 'kind', 'appeal', 'comment', id, 'outcome', outcome,
    'actor', actor, 'refused_by', appeal.by, 'is_own', appeal.by == actor and '1' or '0')
  return true
end

-- An appeal that a decision granted is open again when that decision is taken back.
local function reopen_appeal(shared, k, id, decided_at)
  local stored = redis.call('HGET', k.comment, 'appeal')
  local appeal = stored and cjson.decode(stored)
  if not appeal or appeal.outcome == '' or appeal.decided_at ~= tonumber(decided_at) then return end
  redis.call('HINCRBY', shared.appeal_counts, appeal.outcome, -1)
  redis.call('HINCRBY', shared.appeal_counts, appeal.outcome .. ':' .. appeal.by, -1)
  appeal.outcome, appeal.decided_by, appeal.decided_at = '', '', 0
  redis.call('HSET', k.comment, 'appeal', cjson.encode(appeal))
  redis.call('ZADD', shared.appeals, appeal.at, id)
end

-- What a decision means to the readers who reported the comment, and to its author's appeal.
local function settle_with(shared, k, id, to, actor, at)
  judge_reports(shared, k, id, to)
  if to == 'approved' then answer_appeal(shared, k, id, 'granted', actor, at) end
  if to == 'deleted' then answer_appeal(shared, k, id, 'upheld', actor, at) end
end

-- Nobody owes anything any more to a comment that its author took back.
local function forget_readers_and_appeal(shared, k, id, notes)
  redis.call('ZREM', shared.reported, id)
  redis.call('ZREM', shared.appeals, id)
  redis.call('HDEL', k.comment, 'reports', 'reports_total', 'appeal')
  redis.call('DEL', notes)
end

-- In the order of `transition_keys` in comments.py.
local SHARED = {
  'approved', 'held', 'rejected', 'spam', 'deleted', 'counters', 'unscreened', 'inbox',
  'recent', 'audit', 'dead', 'dead_reasons', 'live', 'facets', 'severity', 'reach',
  'with_link', 'reported',
  'spam_score', 'toxicity', 'severe_toxicity', 'insult', 'threat', 'identity_attack',
  'profanity', 'sexually_explicit',
  'lang_fr', 'lang_en', 'lang_de', 'lang_pt', 'lang_es', 'lang_it', 'lang_nl', 'lang_other',
  'reporters', 'appeals', 'appeal_counts', 'callbacks', 'webhooks', 'outbox', 'handled',
}
local PER_COMMENT = 8

local function shared_keys()
  local named = {}
  for index, name in ipairs(SHARED) do named[name] = KEYS[index] end
  return named
end

-- The author key is the comment's own key where the author is not known by anything.
local function keys_of(index)
  local at = #SHARED + (index - 1) * PER_COMMENT
  local author, held_by = KEYS[at + 6], KEYS[at + 8]
  if author == KEYS[at + 1] then author, held_by = '', '' end
  return {
    comment = KEYS[at + 1], parent = KEYS[at + 2], page = KEYS[at + 3],
    listing = KEYS[at + 4], parent_listing = KEYS[at + 5], author = author,
    held_on = KEYS[at + 7], held_by = held_by,
  }
end

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
local function show(k, id, at)
  redis.call('ZADD', k.listing, at, id)
  redis.call('HINCRBY', k.page, 'count', 1)
  if k.parent == k.comment then return end
  local parent_at = redis.call('HGET', k.parent, 'submitted_at')
  if not parent_at then return end
  redis.call('ZADD', k.parent_listing, parent_at, redis.call('HGET', k.comment, 'parent'))
  redis.call('HINCRBY', k.parent, 'replies', 1)
end

local function hide(k, id)
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

local function leave(shared, k, id, from)
  if from == 'received' then return end
  redis.call('ZREM', shared[from], id)
  redis.call('ZREM', shared.unscreened, id)
  forget_dead(shared, id)
  redis.call('HINCRBY', shared.counters, 'status.' .. from, -1)
  count_author(k, from, -1)
  if from == 'approved' then hide(k, id) end
end

local function enter(shared, k, id, to, at)
  if to == 'received' then return end
  redis.call('ZADD', shared[to], at, id)
  redis.call('HINCRBY', shared.counters, 'status.' .. to, 1)
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
  if from == 'held' or to == 'held' then tell(shared, id, to, version) end
  return version
end

-- In the order of `transition_keys` in comments.py.
local SHARED = {
  'approved', 'held', 'rejected', 'spam', 'deleted', 'counters', 'unscreened', 'inbox',
  'recent', 'audit', 'dead', 'dead_reasons', 'live',
}
local PER_COMMENT = 6

local function shared_keys()
  local named = {}
  for index, name in ipairs(SHARED) do named[name] = KEYS[index] end
  return named
end

-- The author key is the comment's own key where the author is not known by anything.
local function keys_of(index)
  local at = #SHARED + (index - 1) * PER_COMMENT
  local author = KEYS[at + 6]
  if author == KEYS[at + 1] then author = '' end
  return {
    comment = KEYS[at + 1], parent = KEYS[at + 2], page = KEYS[at + 3],
    listing = KEYS[at + 4], parent_listing = KEYS[at + 5], author = author,
  }
end

-- Write comments that come from elsewhere and stand where they stood there, each at most once:
-- one that is here already is left alone. They move as every comment does (transition.lua);
-- one that no check has seen goes into the inbox.
-- KEYS: shared, eight per comment, then two per comment: what the comment it answers answers
-- (else the comment itself), and the listing where that one stands.
-- ARGV: how many comments; then per comment: id, page's address and title, status, time of arrival, facets, whether no
-- check could judge it, how many values follow, and these: fields and values of its hash.

local shared = shared_keys()
local outcomes, at, index = {}, 2, 0
local first_above = #SHARED + tonumber(ARGV[1]) * PER_COMMENT

-- Here an answer to an answer is only ever sent while the answer stands, so that what is
-- above it is listed for good (transition.lua, show). Elsewhere neither may have stood.
local function keep_listed(k, index)
  local above, listing = KEYS[first_above + index * 2 - 1], KEYS[first_above + index * 2]
  if above == k.comment then return end
  local arrived = redis.call('HGET', above, 'submitted_at')
  if not arrived then return end
  redis.call('HSETNX', above, 'replies', 0)
  redis.call('ZADD', listing, arrived, redis.call('HGET', k.parent, 'parent'))
end

while at <= #ARGV do
  index = index + 1
  local id, url, title, to = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local arrived, facets, unscreened = ARGV[at + 4], ARGV[at + 5], ARGV[at + 6]
  local first = at + 8
  at = first + tonumber(ARGV[at + 7])
  local k = keys_of(index)
  if redis.call('EXISTS', k.comment) == 1 then
    outcomes[index] = 0
  else
    redis.call('HSET', k.comment, 'status', 'received', 'version', 1, 'revision', 0,
      unpack(ARGV, first, at - 1))
    redis.call('HSETNX', k.page, 'url', url)
    if title ~= '' then redis.call('HSETNX', k.page, 'title', title) end
    redis.call('HINCRBY', shared.counters, 'accepted', 1)
    redis.call('HINCRBY', shared.counters, 'imported', 1)
    if to == 'received' then
      redis.call('XADD', shared.inbox, '*', 'id', id, 'revision', 0)
    else
      redis.call('HSET', shared.facets, id, facets)
      move(shared, k, id, 'received', to, arrived)
      redis.call('HINCRBY', shared.counters, 'settled', 1)
    end
    keep_listed(k, index)
    if unscreened == '1' then redis.call('ZADD', shared.unscreened, arrived, id) end
    -- What is imported is older than what came meanwhile.
    if k.author ~= '' then
      local seen = redis.call('HGET', k.author, 'first_seen')
      if seen and tonumber(arrived) < tonumber(seen) then redis.call('HSET', k.author, 'first_seen', arrived) end
    end
    outcomes[index] = 1
  end
end
return outcomes

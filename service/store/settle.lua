-- Settle a run of reviewed comments, each at most once: a comment that is no longer
-- received, or was edited since it was read, only loses its inbox entry. Then note which
-- approved ones are to be taken back: those these comments show to be part of a campaign.
-- KEYS: shared, eight per comment, the trial's counts, the comments on which it differed, the
-- notes of what is to be taken back.
-- ARGV: group, window, count of comments, day, how many that differ are kept; then per
-- comment: id, revision, entry, status, verdict, unscreened, seen, facets, status on trial or
-- '', the rule that gave it; then per copy: id, how many are like it.

local shared = shared_keys()
local tried, differing, notes = KEYS[#KEYS - 2], KEYS[#KEYS - 1], KEYS[#KEYS]
local group, window, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local day, differing_kept = ARGV[4], tonumber(ARGV[5])
local settled = {}
local time = redis.call('TIME')
local now = string.format('%d', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
local first, width = 6, 10
for index = 1, count do
  local at = first + (index - 1) * width
  local id, revision, entry = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local to, verdict, unscreened, seen = ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 6]
  local trial, rule = ARGV[at + 8], ARGV[at + 9]
  local k = keys_of(index)
  local current = redis.call('HMGET', k.comment, 'status', 'revision', 'submitted_at')
  settled[index] = 0
  if current[1] == 'received' and current[2] == revision then
    redis.call('HSET', k.comment, 'verdict', verdict, 'settled_at', now)
    redis.call('HSET', shared.facets, id, ARGV[at + 7])
    local version = move(shared, k, id, 'received', to, current[3])
    announce_verdict(shared, id, verdict, 'received', to, version)
    redis.call('HINCRBY', shared.counters, 'settled', 1)
    if unscreened == '1' then
      redis.call('ZADD', shared.unscreened, current[3], id)
      redis.call('HINCRBY', shared.counters, 'unscreened', 1)
    end
    if seen ~= '' then redis.call('RPUSH', shared.recent, seen) end
    if trial ~= '' then
      redis.call('HSET', k.comment, 'trial', trial .. ' ' .. rule)
      redis.call('HINCRBY', tried, day .. ' ' .. to .. ' ' .. trial, 1)
      if trial ~= to then redis.call('LPUSH', differing, id) end
    end
    settled[index] = 1
  end
  redis.call('XACK', shared.inbox, group, entry)
  redis.call('XDEL', shared.inbox, entry)
end
redis.call('LTRIM', shared.recent, -window, -1)
redis.call('LTRIM', differing, 0, differing_kept - 1)
for at = first + count * width, #ARGV, 2 do
  if redis.call('ZSCORE', shared.approved, ARGV[at]) then
    redis.call('HSET', notes, ARGV[at], ARGV[at + 1])
  end
end
return settled

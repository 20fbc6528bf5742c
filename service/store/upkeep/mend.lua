-- Put one comment where it belongs in every index, if it still is what was read of it.
-- KEYS: shared, one comment's, then other indexes that it is to be taken out of.
-- ARGV: id, its facets or '', the page's address, how many fields were read, then each one's name
-- and '=' with its value, or '' where there was none; then its scores among the reported, the
-- appeals, the unscreened, the dead letters and the handled: '' for none, '=' for as it is.

local shared, k = shared_keys(), keys_of(1)
local id, facets, url, fields = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local scores = 4 + fields * 2
for at = 5, scores, 2 do
  local kept = redis.call('HGET', k.comment, ARGV[at])
  if (kept and '=' .. kept or '') ~= ARGV[at + 1] then return 0 end
end
local status, submitted_at = unpack(redis.call('HMGET', k.comment, 'status', 'submitted_at'))

local function place(key, score)
  if score == '' then return redis.call('ZREM', key, id) end
  if score == '=' then return 0 end
  return redis.call('ZADD', key, 'CH', score, id)
end

for _, name in ipairs({'approved', 'held', 'rejected', 'spam', 'deleted'}) do
  place(shared[name], name == status and submitted_at or '')
end
for _, name in ipairs(SHARED) do
  if name:sub(1, 5) == 'lang_' then redis.call('ZREM', shared[name], id) end
end
for _, name in ipairs(ATTRIBUTES) do redis.call('ZREM', shared[name], id) end
for _, key in ipairs({shared.severity, shared.reach, shared.with_link}) do
  redis.call('ZREM', key, id)
end
for at = #SHARED + PER_COMMENT + 1, #KEYS do redis.call('ZREM', KEYS[at], id) end

if facets == '' then
  redis.call('HDEL', shared.facets, id)
else
  redis.call('HSET', shared.facets, id, facets)
end
if status then
  redis.call('ZREM', k.held_on, id)
  if k.held_by ~= '' then redis.call('ZREM', k.held_by, id) end
  if status == 'held' then index(shared, k, id, submitted_at) end
  local is_listed = status == 'approved' or redis.call('HEXISTS', k.comment, 'replies') == 1
  if redis.call('HEXISTS', k.comment, 'origin') == 1 then is_listed = false end
  if place(k.listing, is_listed and submitted_at or '') == 1 then
    redis.call('HINCRBY', k.page, 'version', 1)
  end
  if url ~= '' then redis.call('HSETNX', k.page, 'url', url) end
end

place(shared.reported, ARGV[scores + 1])
place(shared.appeals, ARGV[scores + 2])
place(shared.unscreened, ARGV[scores + 3])
place(shared.dead, ARGV[scores + 4])
place(shared.handled, ARGV[scores + 5])
if redis.call('ZSCORE', shared.dead, id) then
  redis.call('HSETNX', shared.dead_reasons, id, '{}')
else
  redis.call('HDEL', shared.dead_reasons, id)
end
return 1

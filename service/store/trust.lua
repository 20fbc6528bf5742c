-- Trust an author, or trust them no more.
-- KEYS: trusted, audit.  ARGV: author key, how (JSON, or '' for no more), actor, most.

local trusted, audit = KEYS[1], KEYS[2]
local author, how, actor = ARGV[1], ARGV[2], ARGV[3]
local kind = 'distrust'
if how == '' then
  if redis.call('HDEL', trusted, author) == 0 then return 'done' end
else
  kind = 'trust'
  local is_new = redis.call('HEXISTS', trusted, author) == 0
  if is_new and redis.call('HLEN', trusted) >= tonumber(ARGV[4]) then return 'full' end
  redis.call('HSET', trusted, author, how)
  if not is_new then return 'done' end
end
redis.call('XADD', audit, '*', 'kind', kind, 'author', author, 'actor', actor)
return 'done'

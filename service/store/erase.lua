-- Take what is personal off comments that have one status and are old enough.
-- KEYS: comments, the oldest first. ARGV: status, before (ms).
-- Returns how many were changed, and whether one was too young, after which all are.

local PERSONAL = {'personal', 'email_hash', 'ip_hash', 'facts', 'author'}
local status, before = ARGV[1], tonumber(ARGV[2])
local changed = 0
for _, key in ipairs(KEYS) do
  local current = redis.call('HMGET', key, 'status', 'submitted_at', 'content', unpack(PERSONAL))
  if current[2] and tonumber(current[2]) >= before then return {changed, 1} end
  local is_personal = false
  for at = 4, 3 + #PERSONAL do is_personal = is_personal or current[at] end
  if current[1] == status and is_personal then
    local words = cjson.decode(current[3])
    words.user_agent, words.referrer, words.author_id = nil, nil, nil
    if status ~= 'approved' then words.author, words.url = nil, nil end
    redis.call('HSET', key, 'content', cjson.encode(words))
    redis.call('HDEL', key, unpack(PERSONAL))
    changed = changed + 1
  end
end
return {changed, 0}

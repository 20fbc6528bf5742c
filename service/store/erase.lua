-- Take what is personal off comments that have one status, and what they are found by of it.
-- KEYS: the facets of the site's comments, then comments.
-- ARGV: status, then per comment: id, its facets without what is personal.
-- Returns how many were changed.

local PERSONAL = {'personal', 'email_hash', 'ip_hash', 'facts', 'author'}
local status = ARGV[1]
local changed = 0
for index = 1, #KEYS - 1 do
  local key, id, facets = KEYS[index + 1], ARGV[index * 2], ARGV[index * 2 + 1]
  local current = redis.call('HMGET', key, 'status', 'content', unpack(PERSONAL))
  local is_personal = false
  for at = 3, 2 + #PERSONAL do is_personal = is_personal or current[at] end
  if current[1] == status and is_personal then
    local words = cjson.decode(current[2])
    words.user_agent, words.referrer, words.author_id = nil, nil, nil
    if status ~= 'approved' then words.author, words.url = nil, nil end
    redis.call('HSET', key, 'content', cjson.encode(words))
    redis.call('HDEL', key, unpack(PERSONAL))
    redis.call('HSET', KEYS[1], id, facets)
    changed = changed + 1
  end
end
return changed

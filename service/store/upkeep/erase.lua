-- Take what is personal off comments that have one status, what they are found by of it, and
-- the past that an undo would bring back.
-- KEYS: the facets of the site's comments, then per comment: itself, its past.
-- ARGV: status, then per comment: id, its facets without what is personal.
-- Returns how many were changed.

local PERSONAL = {'personal', 'email_hash', 'ip_hash', 'facts', 'author'}
local status = ARGV[1]

local function strip(comment, field)
  local kept = redis.call('HGET', comment, field)
  if not kept then return end
  local words = cjson.decode(kept)
  words.user_agent, words.referrer, words.author_id = nil, nil, nil
  if status ~= 'approved' then words.author, words.url = nil, nil end
  redis.call('HSET', comment, field, cjson.encode(words))
end

local changed = 0
for index = 1, (#KEYS - 1) / 2 do
  local comment, past = KEYS[index * 2], KEYS[index * 2 + 1]
  local id, facets = ARGV[index * 2], ARGV[index * 2 + 1]
  local current = redis.call('HMGET', comment, 'status', unpack(PERSONAL))
  local is_personal = false
  for at = 2, 1 + #PERSONAL do is_personal = is_personal or current[at] end
  if current[1] == status and is_personal then
    strip(comment, 'content')
    strip(comment, 'original')
    redis.call('HDEL', comment, unpack(PERSONAL))
    redis.call('DEL', past)
    redis.call('HSET', KEYS[1], id, facets)
    changed = changed + 1
  end
end
return changed

-- Say what became of an author's comments, if neither the record nor any of them has changed.
-- KEYS: the author, then comments. ARGV: approved and refused as the record had them, as they
-- were counted, '1' to write them down, then each comment's version.

local author = KEYS[1]
local kept = redis.call('HMGET', author, 'approved', 'refused')
if (kept[1] or '0') ~= ARGV[1] or (kept[2] or '0') ~= ARGV[2] then return 0 end
for at = 2, #KEYS do
  if redis.call('HGET', KEYS[at], 'version') ~= ARGV[at + 4] then return 0 end
end
if ARGV[5] == '1' then redis.call('HSET', author, 'approved', ARGV[3], 'refused', ARGV[4]) end
return 1

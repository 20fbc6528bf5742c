-- Say what a page's comments and their replies really are, if no comment was published on it or
-- taken off it since they were counted.
-- KEYS: page, then comments. ARGV: version of the page then, '1' to write it down, the page's
-- count or '', then each comment's replies.

local page = KEYS[1]
if (redis.call('HGET', page, 'version') or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return 1 end
if ARGV[3] ~= '' then redis.call('HSET', page, 'count', ARGV[3]) end
for at = 2, #KEYS do
  if redis.call('EXISTS', KEYS[at]) == 1 then redis.call('HSET', KEYS[at], 'replies', ARGV[at + 2]) end
end
redis.call('HINCRBY', page, 'version', 1)
return 1

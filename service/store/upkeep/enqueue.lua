-- Put a comment into the inbox whose entry was lost, if it still waits for the checks. One entry
-- too many does no harm: a comment is settled once.
-- KEYS: comment, inbox. ARGV: id, revision, '1' to write.

local current = redis.call('HMGET', KEYS[1], 'status', 'revision')
if current[1] ~= 'received' or current[2] ~= ARGV[2] then return 0 end
if ARGV[3] == '1' then redis.call('XADD', KEYS[2], '*', 'id', ARGV[1], 'revision', ARGV[2]) end
return 1

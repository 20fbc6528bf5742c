-- A moderator leaves a refusal as it is.
-- KEYS: shared, one comment's, its trail. ARGV: id, version seen, actor, now (ms).

local shared, k = shared_keys(), keys_of(1)
local id, version, actor, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('HGET', k.comment, 'version') ~= version then return 0 end
if not answer_appeal(shared, k, id, 'upheld', actor, now) then return 0 end
redis.call('HINCRBY', k.comment, 'version', 1)
trace(KEYS[#KEYS], {kind = 'appeal', actor = actor, reason = 'upheld', at = tonumber(now)})
return 1

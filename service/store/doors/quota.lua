-- Take up to some units of a limit at once: the generic cell rate algorithm of rate.lua, for
-- callers that come a thousand times a second and ask for several turns together.
-- KEYS: the limit's idle time. ARGV: burst, window (ms), units wanted.
-- Returns how many were granted and, where none was, how long to wait (ms).

local burst, window, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = now_ms()
local idle_at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
local each = window / burst
local granted = math.min(wanted, math.floor((now + window - idle_at) / each + 0.001))
if granted < 1 then return {0, math.ceil(idle_at + each - window - now)} end
local next_idle_at = idle_at + granted * each
local lives = math.max(1, math.ceil(next_idle_at - now))
redis.call('SET', KEYS[1], string.format('%.3f', next_idle_at), 'PX', lives)
return {granted, 0}

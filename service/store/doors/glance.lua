-- Look, in one round trip, at all that judging one comment at a door asks of its site; what
-- comes is counted against the rate limits' pressures, unless it is a test.
-- KEYS: recent, author or recent, trusted, layer, seen, then one rate limit each.
-- ARGV: is a test, author's key or '', window, then each limit's burst and window (ms).

local recent, author, trusted, layer, seen = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local author_key, window = ARGV[2], tonumber(ARGV[3])
local approved, refused, is_trusted = false, false, 0
if author_key ~= '' then
  local counted = redis.call('HMGET', author, 'approved', 'refused')
  approved, refused = counted[1], counted[2]
  is_trusted = redis.call('HEXISTS', trusted, author_key)
end
local report, pressures = {}, {}
if ARGV[1] ~= '1' then
  local _
  _, report, pressures = spend(6, 4, now_ms())
end
local lines = {}
if window > 0 then lines = redis.call('LRANGE', recent, 0, -1) end
return {
  redis.call('GET', seen) or '', approved or '0', refused or '0', is_trusted,
  redis.call('HGET', layer, 'edition') or '0', report, pressures, lines,
}

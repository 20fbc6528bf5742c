-- Keep what was judged at a door: its trace in the site's window, and the comment too where
-- the site keeps those, settled at once. Run twice for one comment it changes nothing more.
-- KEYS: shared, eight of the comment, seen.
-- ARGV: id, is stored, window, line in it or '', life of seen (s), then of a stored one:
-- content, facts, sealed, e-mail hash, IP hash, author, page key, page, page title,
-- submitted_at (ms) or '', status, verdict, is unscreened, facets, origin, callback or '',
-- key's id, what was told.

local shared, k, seen = shared_keys(), keys_of(1), KEYS[#KEYS]
local id, is_stored, window, line = ARGV[1], ARGV[2] == '1', tonumber(ARGV[3]), ARGV[4]

if line ~= '' and window > 0 then
  redis.call('RPUSH', shared.recent, line)
  redis.call('LTRIM', shared.recent, -window, -1)
end
redis.call('SET', seen, id, 'EX', ARGV[5])
if not is_stored or redis.call('EXISTS', k.comment) == 1 then return 0 end

local now = string.format('%d', now_ms())
local submitted_at = ARGV[15]
if submitted_at == '' then submitted_at = now end
redis.call('HSET', k.comment,
  'status', 'received', 'version', 1, 'revision', 0, 'content', ARGV[6], 'facts', ARGV[7],
  'personal', ARGV[8], 'email_hash', ARGV[9], 'ip_hash', ARGV[10], 'author', ARGV[11],
  'page_key', ARGV[12], 'parent', '', 'root', '', 'depth', 0,
  'submitted_at', submitted_at, 'received_at', now, 'settled_at', now,
  'verdict', ARGV[17], 'origin', ARGV[20])
redis.call('HSETNX', k.page, 'url', ARGV[13])
if ARGV[14] ~= '' then redis.call('HSETNX', k.page, 'title', ARGV[14]) end
redis.call('HSET', shared.facets, id, ARGV[19])
redis.call('HINCRBY', shared.counters, 'accepted', 1)
redis.call('HINCRBY', shared.counters, 'settled', 1)
move(shared, k, id, 'received', ARGV[16], submitted_at)
if ARGV[18] == '1' then
  redis.call('ZADD', shared.unscreened, submitted_at, id)
  redis.call('HINCRBY', shared.counters, 'unscreened', 1)
end
-- Only now: what was told at the door need not be told again.
if ARGV[21] ~= '' then
  redis.call('HSET', k.comment, 'callback', ARGV[21], 'callback_key', ARGV[22], 'told', ARGV[23])
end
return 1

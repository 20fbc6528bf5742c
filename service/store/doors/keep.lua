-- Keep what was judged at a door: its trace in the site's window, and the comment too where
-- the site keeps those, settled at once. Sent twice, it keeps one comment and counts it twice.
-- KEYS: shared, eight of the comment, seen, the door's counts of the month, and of all times.
-- ARGV: id, is stored, window, line in it or '', life of seen (s), day, what is counted, in
-- words, life of the month's counts (s), then of a stored one: content, facts, sealed, e-mail hash, IP hash, author, page key, page, page title,
-- submitted_at (ms) or '', status, verdict, is unscreened, facets, origin, callback or '',
-- key's id, what was told.

local shared, k = shared_keys(), keys_of(1)
local seen, month, every = KEYS[#KEYS - 2], KEYS[#KEYS - 1], KEYS[#KEYS]
local id, is_stored, window, line = ARGV[1], ARGV[2] == '1', tonumber(ARGV[3]), ARGV[4]

if line ~= '' and window > 0 then
  redis.call('RPUSH', shared.recent, line)
  redis.call('LTRIM', shared.recent, -window, -1)
end
redis.call('SET', seen, id, 'EX', ARGV[5])
for name in ARGV[7]:gmatch('%S+') do
  redis.call('HINCRBY', month, ARGV[6] .. ':' .. name, 1)
  redis.call('HINCRBY', every, name, 1)
  redis.call('EXPIRE', month, ARGV[8])
end
if not is_stored or redis.call('EXISTS', k.comment) == 1 then return 0 end

local now = string.format('%d', now_ms())
local submitted_at = ARGV[18]
if submitted_at == '' then submitted_at = now end
redis.call('HSET', k.comment,
  'status', 'received', 'version', 1, 'revision', 0, 'content', ARGV[9], 'facts', ARGV[10],
  'personal', ARGV[11], 'email_hash', ARGV[12], 'ip_hash', ARGV[13], 'author', ARGV[14],
  'page_key', ARGV[15], 'parent', '', 'root', '', 'depth', 0,
  'submitted_at', submitted_at, 'received_at', now, 'settled_at', now,
  'verdict', ARGV[20], 'origin', ARGV[23])
redis.call('HSETNX', k.page, 'url', ARGV[16])
if ARGV[17] ~= '' then redis.call('HSETNX', k.page, 'title', ARGV[17]) end
redis.call('HSET', shared.facets, id, ARGV[22])
redis.call('HINCRBY', shared.counters, 'accepted', 1)
redis.call('HINCRBY', shared.counters, 'settled', 1)
announce(shared, 'received', id, {to = 'received', version = 1})
local version = move(shared, k, id, 'received', ARGV[19], submitted_at)
announce_verdict(shared, id, ARGV[20], 'received', ARGV[19], version)
if ARGV[21] == '1' then
  redis.call('ZADD', shared.unscreened, submitted_at, id)
  redis.call('HINCRBY', shared.counters, 'unscreened', 1)
end
-- Only now: what was told at the door need not be told again.
if ARGV[24] ~= '' then
  redis.call('HSET', k.comment, 'callback', ARGV[24], 'callback_key', ARGV[25], 'told', ARGV[26])
end
return 1

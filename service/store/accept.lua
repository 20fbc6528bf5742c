-- Accept one comment in one round trip: idempotency, rate limits, the comment, its inbox
-- entry, and whether a worker must be woken. See comments.py for the order of the arguments.

local comment, inbox, bell, idempotency = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local page, counters, parent = KEYS[5], KEYS[6], KEYS[7]
local to = {webhooks = KEYS[8], outbox = KEYS[9], counters = KEYS[6]}
local FIRST_RATE = 10
local id, content, facts, personal = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local email_hash, ip_hash, author = ARGV[5], ARGV[6], ARGV[7]
local page_key, page_url, page_title = ARGV[8], ARGV[9], ARGV[10]
local parent_id, max_depth = ARGV[11], tonumber(ARGV[12])
local idempotency_ttl, bell_ttl = ARGV[13], ARGV[14]
local submitted_at = ARGV[15]
local most_waiting, longest_wait = tonumber(ARGV[16]), tonumber(ARGV[17])
local trace = ARGV[18]
local FIRST_LIMIT = 19
local now = now_ms()

-- The count is a write, so that a WAITAOF after it covers the comment, written by a connection
-- that may be another: after a command that writes nothing the server has nothing to wait for.
local function replayed(known_id)
  redis.call('HINCRBY', counters, 'replayed', 1)
  return {'replayed', known_id}
end

if redis.call('EXISTS', comment) == 1 then return replayed(id) end
if idempotency ~= comment then
  local known = redis.call('GET', idempotency)
  if known then return replayed(known) end
end

-- What is kept already was answered above, full or not; nothing new is taken then.
if is_full(inbox, most_waiting, longest_wait, now) then return {'full'} end

-- The parent must stand, approved, under the same page.
local root, depth, under = '', 0, ''
if parent_id ~= '' then
  local found = redis.call('HMGET', parent, 'status', 'page_key', 'root', 'depth', 'origin')
  if found[1] ~= 'approved' or found[2] ~= page_key or found[5] then return {'no_parent'} end
  root, depth, under = found[3], tonumber(found[4]) + 1, parent_id
  if root == '' then root = parent_id end
  if depth > max_depth then return {'too_deep'} end
end

local is_refused, report, pressures = spend(FIRST_RATE, FIRST_LIMIT, now)
if is_refused then return {'limited', report} end

if submitted_at == '' then submitted_at = string.format('%d', now) end
redis.call('HSET', comment,
  'status', 'received', 'version', 1, 'revision', 0, 'content', content, 'facts', facts,
  'personal', personal, 'email_hash', email_hash, 'ip_hash', ip_hash, 'author', author,
  'page_key', page_key, 'parent', under, 'root', root, 'depth', depth,
  'submitted_at', submitted_at, 'received_at', string.format('%d', now),
  'pressures', table.concat(pressures, ' '))
redis.call('HSETNX', page, 'url', page_url)
if page_title ~= '' then redis.call('HSET', page, 'title', page_title) end
redis.call('HINCRBY', counters, 'accepted', 1)
if trace == '' then
  redis.call('XADD', inbox, '*', 'id', id, 'revision', 0)
else
  redis.call('XADD', inbox, '*', 'id', id, 'revision', 0, 'trace', trace)
end
announce(to, 'received', id, {to = 'received', version = 1})
if idempotency ~= comment then redis.call('SET', idempotency, id, 'EX', idempotency_ttl) end
local ring = 0
if redis.call('SET', bell, '1', 'NX', 'PX', bell_ttl) then ring = 1 end
return {'accepted', id, ring, report}

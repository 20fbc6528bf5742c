-- Add a note to a comment, unless it has its share of them.
-- KEYS: notes, comment, audit, live.  ARGV: id, note (JSON), actor, most, live kept.

local notes, comment, audit, live = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, note, actor = ARGV[1], ARGV[2], ARGV[3]
local version = redis.call('HGET', comment, 'version')
if not version then return 'unknown' end
-- A client whose connection broke sends the same again.
if redis.call('LINDEX', notes, -1) == note then return 'done' end
if redis.call('LLEN', notes) >= tonumber(ARGV[4]) then return 'full' end
redis.call('RPUSH', notes, note)
redis.call('XADD', audit, '*', 'kind', 'note', 'comment', id, 'actor', actor)
redis.call('XADD', live, 'MAXLEN', '~', ARGV[5], '*',
  'id', id, 'what', 'noted', 'version', version, 'by', actor)
return 'done'

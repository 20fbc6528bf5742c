-- Add what one worker measured to the totals, to the slots of every span, and to its own hash.
-- KEYS: totals, three slots, the checks' totals, the checks' slot, the worker's hash.
-- ARGV: how long to keep each slot (4, in the order of KEYS) and the worker's hash (s); comments
-- reviewed, batch size, over how many seconds a worker's rate is taken; then counts of fields, of
-- the checks' fields and of marks; then names and numbers.

local WORKER = KEYS[7]
local reviewed, batch, span = tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8])
local fields, checks, marks = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local at = 12

for _ = 1, fields do
  for index = 1, 4 do redis.call('HINCRBY', KEYS[index], ARGV[at], ARGV[at + 1]) end
  at = at + 2
end
for _ = 1, checks do
  redis.call('HINCRBY', KEYS[5], ARGV[at], ARGV[at + 1])
  redis.call('HINCRBY', KEYS[6], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for _ = 1, marks do
  redis.call('HSET', KEYS[5], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for index = 2, 4 do redis.call('EXPIRE', KEYS[index], ARGV[index - 1]) end
redis.call('EXPIRE', KEYS[6], ARGV[4])

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local known = redis.call('HMGET', WORKER, 'rate', 'rate_at')
local rate, since = tonumber(known[1] or 0), tonumber(known[2] or now)
rate = rate * math.exp((since - now) / span) + reviewed / span
redis.call('HSET', WORKER, 'rate', string.format('%.6f', rate),
  'rate_at', string.format('%.3f', now), 'batch', batch)
redis.call('HINCRBY', WORKER, 'settled', reviewed)
redis.call('EXPIRE', WORKER, ARGV[5])
return string.format('%.3f', now)

-- Note what came of one attempt to tell a webhook of an event.
-- KEYS: due, deliveries, dead, recent, state, webhooks, what was told of the comment, counters.
-- ARGV: webhook, event, 'told', 'again' or 'dead', now (ms), the delivery as JSON, when it is due
-- again (ms), the attempt as JSON, what the comment's history says or '', failures in a row after
-- which the webhook rests, its first and its longest rest (ms), until when its receiver asks to be
-- left alone (ms) or 0.
-- Returns since when it has been failing (ms), 0 where it works.

local due, deliveries, dead, recent, state = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local webhook, id, outcome, now = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local RECENT_KEPT, DEAD_KEPT, TOLD_KEPT, TOLD_LIFE_S = 50, 1000, 20, 2592000
if redis.call('HEXISTS', KEYS[6], webhook) == 0 then return 0 end

redis.call('HINCRBY', KEYS[8], 'webhooks_' .. outcome, 1)
redis.call('LPUSH', recent, ARGV[7])
redis.call('LTRIM', recent, 0, RECENT_KEPT - 1)
if ARGV[8] ~= '' then
  redis.call('RPUSH', KEYS[7], ARGV[8])
  redis.call('LTRIM', KEYS[7], -TOLD_KEPT, -1)
  redis.call('EXPIRE', KEYS[7], TOLD_LIFE_S)
end

if outcome == 'told' then
  redis.call('ZREM', due, id)
  redis.call('ZREM', dead, id)
  redis.call('HDEL', deliveries, id)
  redis.call('HDEL', state, 'failures', 'failing_since', 'rests_until')
  redis.call('HINCRBY', state, 'told', 1)
  return 0
end

-- Another worker may have told it after all: a lease that ran out.
if redis.call('HEXISTS', deliveries, id) == 1 then
  redis.call('HSET', deliveries, id, ARGV[5])
  if outcome == 'again' then
    redis.call('ZADD', due, ARGV[6], id)
  else
    redis.call('ZREM', due, id)
    redis.call('ZADD', dead, now, id)
    redis.call('HINCRBY', state, 'given_up', 1)
    local beyond = redis.call('ZRANGE', dead, 0, -DEAD_KEPT - 1)
    for _, old in ipairs(beyond) do
      redis.call('ZREM', dead, old)
      redis.call('HDEL', deliveries, old)
    end
  end
end
redis.call('HSETNX', state, 'failing_since', string.format('%.0f', now))
if tonumber(redis.call('HGET', state, 'rests_until') or '0') <= now then
  local failures = redis.call('HINCRBY', state, 'failures', 1)
  local beyond = failures - tonumber(ARGV[9])
  if beyond >= 0 then
    local rest = math.min(tonumber(ARGV[10]) * 2 ^ math.min(beyond, 20), tonumber(ARGV[11]))
    redis.call('HSET', state, 'rests_until', string.format('%.0f', now + rest))
  end
end
local asked_until = tonumber(redis.call('HGET', state, 'asked_until') or '0')
if tonumber(ARGV[12]) > asked_until then redis.call('HSET', state, 'asked_until', ARGV[12]) end
return tonumber(redis.call('HGET', state, 'failing_since'))

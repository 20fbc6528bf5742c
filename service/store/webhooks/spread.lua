-- Give events from the outbox to the webhooks that hear of them; whoever takes one away gives it.
-- KEYS: outbox, webhooks, counters, then of each webhook: deliveries, due, state.
-- ARGV: now (ms), most that may wait for one, count of webhooks, their ids, then of each event:
-- id, the delivery as JSON, the places of its webhooks.

local now, most, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local given = 0
for at = 4 + count, #ARGV, 3 do
  local id, delivery, hearing = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  if redis.call('XDEL', KEYS[1], id) == 1 then
    for place in hearing:gmatch('%d+') do
      local own = 3 + (tonumber(place) - 1) * 3
      local deliveries, due, state = KEYS[own + 1], KEYS[own + 2], KEYS[own + 3]
      if redis.call('HEXISTS', KEYS[2], ARGV[3 + tonumber(place)]) == 1 then
        if redis.call('HLEN', deliveries) >= most then
          redis.call('HINCRBY', state, 'missed', 1)
          redis.call('HINCRBY', KEYS[3], 'webhooks_missed', 1)
        else
          redis.call('HSET', deliveries, id, delivery)
          redis.call('ZADD', due, now, id)
        end
      end
    end
    given = given + 1
  end
end
return given

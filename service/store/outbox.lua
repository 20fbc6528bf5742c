-- What a site's webhooks are to be told: one entry for each event, as long as the site has any.
-- Prepended to the scripts in which such things happen. `to` names the keys.

local OUTBOX_MOST = 100000
local is_heard

local function announce(to, what, id, event)
  if is_heard == nil then is_heard = redis.call('EXISTS', to.webhooks) == 1 end
  if not is_heard then return end
  if redis.call('XLEN', to.outbox) >= OUTBOX_MOST then
    redis.call('HINCRBY', to.counters, 'webhooks_missed', 1)
    return
  end
  redis.call('XADD', to.outbox, '*', 'what', what, 'id', id, 'event', cjson.encode(event))
end

-- A verdict in short: what a worker reads of it later may be another one.
local function announce_verdict(to, id, verdict, from, status, version)
  if is_heard == false then return end
  local is_read, said = pcall(cjson.decode, verdict)
  if not is_read then said = {} end
  announce(to, 'verdict', id, {
    from = from, to = status, version = version, action = said.action, rule = said.rule})
end

-- The server's time, in ms since the epoch. Prepended to the scripts that ask for it.

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

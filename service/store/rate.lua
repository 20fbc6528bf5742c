-- Rate limits by the generic cell rate algorithm: each keeps the time at which it would be
-- idle again. Prepended to the scripts that count arrivals.

-- Count one arrival against the limits whose keys are KEYS[first_key] to the last, and whose
-- burst and window (ms) stand in pairs from ARGV[first_limit]; against none where one is used up.
-- Returns whether one is, for each what is left and how long to wait (ms), and how full it is.
local function spend(first_key, first_limit, now)
  local report, is_refused, arrivals = {}, false, {}
  local idle_times = #KEYS >= first_key and redis.call('MGET', unpack(KEYS, first_key)) or {}
  for index = 0, #KEYS - first_key do
    local burst = tonumber(ARGV[first_limit + index * 2])
    local window = tonumber(ARGV[first_limit + index * 2 + 1])
    local key = KEYS[first_key + index]
    local idle_at = math.max(now, tonumber(idle_times[index + 1] or '0'))
    local next_idle_at = idle_at + window / burst
    local used = next_idle_at - now
    local retry = math.ceil(used - window - 0.001)
    if retry > 0 then
      is_refused = true
      report[#report + 1] = {0, retry}
    else
      report[#report + 1] = {math.floor((window - used) * burst / window + 0.001), 0}
    end
    arrivals[index] = {key, next_idle_at, used}
  end
  local pressures = {}
  if is_refused then return true, report, pressures end
  for index = 0, #KEYS - first_key do
    local arrival = arrivals[index]
    redis.call('SET', arrival[1], string.format('%.3f', arrival[2]), 'PX', math.max(1, math.ceil(arrival[3])))
    local share = string.format('%.4f', arrival[3] / tonumber(ARGV[first_limit + index * 2 + 1]))
    pressures[#pressures + 1] = (share:gsub('%.?0+$', ''))
  end
  return false, report, pressures
end

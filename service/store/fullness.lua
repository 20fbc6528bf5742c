-- Back-pressure: whether an inbox takes no more. Prepended to the scripts that ask.

-- Say whether an inbox holds as many comments as it may, or its oldest has waited for as long
-- as it may (ms); 0 is no limit. An entry's id begins with the time at which it came.
local function is_full(inbox, most_waiting, longest_wait, now)
  local waiting = redis.call('XLEN', inbox)
  if waiting == 0 then return false end
  if most_waiting > 0 and waiting >= most_waiting then return true end
  if longest_wait == 0 then return false end
  local oldest = redis.call('XRANGE', inbox, '-', '+', 'COUNT', 1)[1][1]
  return now - tonumber(string.match(oldest, '^%d+')) > longest_wait
end

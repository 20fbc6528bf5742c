-- Take ARGV[1] out of the set of administrators, unless nobody would be left.
-- KEYS: the set. Answers 1 when the name is not in it (any more), 0 when it must stay.
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0 then
  return 1
end
if redis.call('SCARD', KEYS[1]) == 1 then
  return 0
end
redis.call('SREM', KEYS[1], ARGV[1])
return 1

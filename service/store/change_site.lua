-- Replace a site's settings if they are still what the change was made of, and tell of it.
-- KEYS: the settings, the audit log.
-- ARGV: before, after, actor, at (ms), then each change as JSON.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
for at = 5, #ARGV do
  redis.call('XADD', KEYS[2], '*',
    'kind', 'settings', 'actor', ARGV[3], 'at', ARGV[4], 'change', ARGV[at])
end
return 1

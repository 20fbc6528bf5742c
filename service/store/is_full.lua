-- Say whether an inbox takes no more, as accept.lua does. KEYS: inbox. ARGV: most waiting,
-- longest wait (ms).

return is_full(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), now_ms()) and 1 or 0

-- Give facets to settled comments that have none, and bring held ones into the indexes.
-- KEYS: shared, eight per comment. ARGV: per comment: id, facets.

local shared = shared_keys()
local given = 0
for index = 1, #ARGV / 2 do
  local id, packed = ARGV[index * 2 - 1], ARGV[index * 2]
  local k = keys_of(index)
  local current = redis.call('HMGET', k.comment, 'status', 'submitted_at')
  local is_settled = current[1] and current[1] ~= 'received'
  if is_settled and redis.call('HEXISTS', shared.facets, id) == 0 then
    keep_facets(shared, k, id, current[1], current[2], packed)
    given = given + 1
  end
end
return given

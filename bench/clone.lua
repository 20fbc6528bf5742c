-- Write settled comments like those of some templates, with every index that shows them.
-- For benchmarks: a million comments through the service's own scripts would take an hour.
-- KEYS: counters, facets, approved, spam, then the templates' hashes.
-- ARGV: prefix of the site's keys, first number, first moment (ms), apart (ms), comments on each
-- page, one in how many is spam, comments of each author, the templates' page, the facets of each
-- template without its page, then per page: key, address, its digest with the bloom of its words,
-- the digests of its authors.

local prefix, number, at, apart = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local on_page, spam_every, by_author = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local counters, facets, approved, spam = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local template_page = ARGV[8]
local count = #KEYS - 4
local templates = {}
for index = 1, count do
  local found, fields = redis.call('HGETALL', KEYS[index + 4]), {}
  for place = 1, #found, 2 do fields[found[place]] = found[place + 1] end
  templates[index] = {fields = fields, facets = ARGV[8 + index]}
end

-- See facets.py for where what stands in the 80 bytes.
local function packed(template, moment, author, page)
  local bloom = {}
  for word = 0, 7 do
    local own, pages = struct.unpack('<I4', template, 49 + word * 4), struct.unpack('<I4', page, 9 + word * 4)
    bloom[#bloom + 1] = struct.pack('<I4', bit.bor(own, pages) % 4294967296)
  end
  local time = struct.pack('<I4I4', moment % 4294967296, math.floor(moment / 4294967296))
  return template:sub(1, 24) .. time .. author .. page:sub(1, 8) .. table.concat(bloom)
end

local function write(template, page_key, page, page_hash, page_facets, author_facets)
  local id, moment = string.format('%026d', number), string.format('%.0f', at)
  local author = string.format('%024x', math.floor(number / by_author))
  local is_spam = number % spam_every == 0
  local status = is_spam and 'spam' or 'approved'
  local row = {}
  for name, value in pairs(template.fields) do
    if name == 'status' then value = status
    elseif name == 'page_key' then value = page_key
    elseif name == 'author' or name == 'email_hash' then value = author
    elseif name == 'submitted_at' or name == 'received_at' or name == 'settled_at' then value = moment
    elseif name == 'content' then
      local first, last = value:find(template_page, 1, true)
      value = value:sub(1, first - 1) .. page .. value:sub(last + 1)
    end
    row[#row + 1] = name
    row[#row + 1] = value
  end
  redis.call('HSET', prefix .. 'comment:' .. id, unpack(row))
  redis.call('HSET', facets, id, packed(template.facets, at, author_facets, page_facets))
  redis.call('ZADD', is_spam and spam or approved, moment, id)
  redis.call('HINCRBY', prefix .. 'author:' .. author, is_spam and 'refused' or 'approved', 1)
  redis.call('HSETNX', prefix .. 'author:' .. author, 'first_seen', moment)
  redis.call('HINCRBY', counters, 'status.' .. status, 1)
  if not is_spam then
    redis.call('ZADD', page_hash .. ':roots', moment, id)
    redis.call('HINCRBY', page_hash, 'count', 1)
    redis.call('HINCRBY', page_hash, 'version', 1)
  end
end

local done = 0
for place = 9 + count, #ARGV, 4 do
  local page_hash = prefix .. 'page:' .. ARGV[place]
  redis.call('HSETNX', page_hash, 'url', ARGV[place + 1])
  for index = 0, on_page - 1 do
    local author = math.floor(index / by_author) * 8
    write(templates[number % count + 1], ARGV[place], ARGV[place + 1], page_hash, ARGV[place + 2],
      ARGV[place + 3]:sub(author + 1, author + 8))
    number, at, done = number + 1, at + apart, done + 1
  end
end
redis.call('HINCRBY', counters, 'accepted', done)
redis.call('HINCRBY', counters, 'settled', done)
return done

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

-- See facets.py for where what stands in the 80 bytes.
local function words_at(packed, place)
  return {struct.unpack('<I4I4I4I4I4I4I4I4', packed, place)}
end

-- A row is what HSET takes; `places` says where in it stands what differs from clone to clone.
local templates = {}
for index = 1, count do
  local row, places = redis.call('HGETALL', KEYS[index + 4]), {}
  for place = 1, #row, 2 do places[row[place]] = place + 1 end
  local content, facets_of = row[places.content], ARGV[8 + index]
  local first, last = content:find(template_page, 1, true)
  templates[index] = {
    row = row, places = places, before = content:sub(1, first - 1), after = content:sub(last + 1),
    facets = facets_of:sub(1, 24), bloom = words_at(facets_of, 49),
  }
end

local function packed(template, author, page)
  local own, pages, bloom = template.bloom, page.bloom, {}
  for word = 1, 8 do bloom[word] = bit.bor(own[word], pages[word]) % 4294967296 end
  return template.facets .. struct.pack('<I4I4', at % 4294967296, math.floor(at / 4294967296))
    .. author .. page.digest .. struct.pack('<I4I4I4I4I4I4I4I4', unpack(bloom))
end

local function write(template, page, author_facets)
  local id, moment = string.format('%026d', number), string.format('%.0f', at)
  local author = string.format('%024x', math.floor(number / by_author))
  local author_hash = prefix .. 'author:' .. author
  local is_spam = number % spam_every == 0
  local status = is_spam and 'spam' or 'approved'
  local row, places = template.row, template.places
  row[places.status], row[places.page_key] = status, page.key
  row[places.author], row[places.email_hash] = author, author
  row[places.submitted_at], row[places.received_at], row[places.settled_at] = moment, moment, moment
  row[places.content] = template.before .. page.address .. template.after
  redis.call('HSET', prefix .. 'comment:' .. id, unpack(row))
  redis.call('HSET', facets, id, packed(template, author_facets, page))
  redis.call('ZADD', is_spam and spam or approved, moment, id)
  redis.call('HINCRBY', author_hash, is_spam and 'refused' or 'approved', 1)
  redis.call('HSETNX', author_hash, 'first_seen', moment)
  page.counts[status] = page.counts[status] + 1
  if not is_spam then redis.call('ZADD', page.hash .. ':roots', moment, id) end
end

local done = 0
for place = 9 + count, #ARGV, 4 do
  local page = {
    key = ARGV[place], address = ARGV[place + 1], hash = prefix .. 'page:' .. ARGV[place],
    digest = ARGV[place + 2]:sub(1, 8), bloom = words_at(ARGV[place + 2], 9),
    counts = {approved = 0, spam = 0},
  }
  for index = 0, on_page - 1 do
    local author = math.floor(index / by_author) * 8
    write(templates[number % count + 1], page, ARGV[place + 3]:sub(author + 1, author + 8))
    number, at, done = number + 1, at + apart, done + 1
  end
  redis.call('HSETNX', page.hash, 'url', page.address)
  redis.call('HINCRBY', page.hash, 'count', page.counts.approved)
  redis.call('HINCRBY', page.hash, 'version', page.counts.approved)
  redis.call('HINCRBY', counters, 'status.approved', page.counts.approved)
  redis.call('HINCRBY', counters, 'status.spam', page.counts.spam)
end
redis.call('HINCRBY', counters, 'accepted', done)
redis.call('HINCRBY', counters, 'settled', done)
return done

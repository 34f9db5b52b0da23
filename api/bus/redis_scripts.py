"""The Lua scripts of the bus, which a Redis or Valkey server runs atomically.

The stream's entries have the ids `<offset>-0`. The hash beside it holds the stream's epoch and last
offset, and the identity of the server process that wrote them: a server that was restarted may have
lost entries or been restored from an older copy, so it begins a new epoch. The braces in the names
keep the keys together on a cluster.
"""

STREAM = "{fovea}:events"
META = "{fovea}:stream"
PUBLISHERS = "{fovea}:publishers"


def number_key(publisher: str) -> str:
    """The key that holds the number of the last event of `publisher` on the stream."""
    return f"{{fovea}}:publisher:{publisher}"


_RENEW = """
local function renew(stream, meta, epoch)
  redis.call('HSET', meta, 'epoch', epoch)
  local offset = redis.call('HINCRBY', meta, 'offset', 1)
  local size = redis.call('HINCRBY', meta, 'bytes', 0)
  redis.call('XADD', stream, offset .. '-0', 'epoch', epoch, 'event', '', 'bytes', size)
  return offset
end
"""

OPEN = (
    _RENEW
    + """
-- KEYS: stream, meta; ARGV: server's run id, a new epoch, used if needed
if redis.call('HGET', KEYS[2], 'server') ~= ARGV[1] then
  redis.call('HSET', KEYS[2], 'server', ARGV[1])
  renew(KEYS[1], KEYS[2], ARGV[2])
end
return redis.call('HMGET', KEYS[2], 'epoch', 'offset')
"""
)

PUBLISH = """
-- KEYS: stream, meta, publisher's number; ARGV: number, retention, most bytes, event
-- A publisher that lost its connection sends unacknowledged events again.
local last = redis.call('GET', KEYS[3])
if last and tonumber(last) >= tonumber(ARGV[1]) then return 0 end
local epoch = redis.call('HGET', KEYS[2], 'epoch')
if not epoch then return redis.error_reply('the stream is gone') end
local offset = redis.call('HINCRBY', KEYS[2], 'offset', 1)
-- Each entry has the cumulative size, so that the first and the last give the total.
local size = redis.call('HINCRBY', KEYS[2], 'bytes', #ARGV[4])
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], offset .. '-0',
  'epoch', epoch, 'event', ARGV[4], 'bytes', size)
redis.call('SET', KEYS[3], ARGV[1], 'EX', 86400)
local function retained()
  local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  return first and size - tonumber(first[2][6]) or 0
end
while retained() > tonumber(ARGV[3]) do
  redis.call('XTRIM', KEYS[1], 'MAXLEN', '=', math.floor(redis.call('XLEN', KEYS[1]) * 15 / 16))
end
return offset
"""

RENEW = (
    _RENEW
    + """
-- KEYS: stream, meta; ARGV: the new epoch
return renew(KEYS[1], KEYS[2], ARGV[1])
"""
)

BEAT = (
    _RENEW
    + """
-- KEYS: stream, meta, publishers; ARGV: publisher, silence in seconds, a new epoch, used if needed
-- A publisher that ended without unregistering may have lost events.
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[3], now, ARGV[1])
local dead = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now - tonumber(ARGV[2]))
if #dead > 0 then
  redis.call('ZREM', KEYS[3], unpack(dead))
  renew(KEYS[1], KEYS[2], ARGV[3])
end
return #dead
"""
)

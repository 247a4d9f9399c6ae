import { script } from './redis-connection.js';

/*
 * Keys, each after the prefix (KEYS[1]):
 *
 *   session:<sessionID>   hash: record (JSON of what never changes), epoch, offset, crc32, updatedAt, completed, holder
 *   idle                  sorted set: session IDs by updatedAt
 *   bytes:<fileId>        the session ID of an unfinished upload
 *   file:<fileId>         an entry of the catalogue, as JSON
 *   file-of:<sessionID>   its file ID
 *   owner:<owner>         sorted set: file IDs by the order in which they were completed; files without an owner are in none
 *   sequence              the number of the last entry
 *   store-id              the random ID of the storage back end that the catalogue belongs to
 *   call:<id>             what a change answered, for ten minutes
 *
 * Sessions expire by themselves, long after the sweep should have removed them with their bytes. The catalogue stays.
 * Members of the sorted sets whose key is gone are removed when they are read.
 */

/** A change whose answer was lost with the connection is repeated: it gives the same answer, and changes nothing twice. */
const ONCE = `
  local p = KEYS[1]
  local before = redis.call('GET', p .. 'call:' .. ARGV[1])
  if before then return before end
  local function answer(value)
    redis.call('SET', p .. 'call:' .. ARGV[1], value, 'EX', 600)
    return value
  end
`;

const KEEP = `
  local function keep(sessionID, updatedAt, ttlMs)
    redis.call('ZADD', p .. 'idle', updatedAt, sessionID)
    redis.call('PEXPIRE', p .. 'session:' .. sessionID, ttlMs)
  end
`;

const DROP = `
  local function drop(sessionID, fileId)
    redis.call('ZREM', p .. 'idle', sessionID)
    redis.call('DEL', p .. 'bytes:' .. fileId)
    return redis.call('DEL', p .. 'session:' .. sessionID)
  end
`;

/** `list`: the key of the owner's files, after the prefix; empty for a file without an owner. */
const ADD_FILE = `
  local function isFile(fileId, sessionID)
    return redis.call('EXISTS', p .. 'file:' .. fileId, p .. 'file-of:' .. sessionID) > 0
  end
  local function addFile(fileId, sessionID, list, file)
    redis.call('SET', p .. 'file:' .. fileId, file)
    redis.call('SET', p .. 'file-of:' .. sessionID, fileId)
    local number = redis.call('INCR', p .. 'sequence')
    if list ~= '' then redis.call('ZADD', p .. list, number, fileId) end
  end
`;

/** ARGV: call, sessionID, fileId, record, epoch, offset, crc32, updatedAt, completed, holder, ttlMs. */
export const CREATE = script(`${ONCE}${KEEP}
  local key = p .. 'session:' .. ARGV[2]
  if redis.call('EXISTS', key) == 1 then return answer('exists') end
  redis.call('HSET', key, 'record', ARGV[4], 'fileId', ARGV[3], 'epoch', ARGV[5], 'offset', ARGV[6], 'crc32', ARGV[7],
    'updatedAt', ARGV[8], 'completed', ARGV[9], 'holder', ARGV[10])
  if ARGV[9] == '0' then redis.call('SET', p .. 'bytes:' .. ARGV[3], ARGV[2], 'PX', ARGV[11]) end
  keep(ARGV[2], ARGV[8], ARGV[11])
  return answer('created')
`);

/**
 * ARGV: call, sessionID, updatedAt, holder, ttlMs. A call that Redis runs late, after it has answered the repetition, must
 * not raise the epoch again: that would fence the node that holds the session.
 */
export const TAKE_OVER = script(`
  local p = KEYS[1] ${KEEP}
  local key = p .. 'session:' .. ARGV[2]
  local call = p .. 'call:' .. ARGV[1]
  if redis.call('EXISTS', key) == 0 then return false end
  local before = redis.call('GET', call)
  if before then
    local fields = redis.call('HGETALL', key)
    for name = 1, #fields, 2 do
      if fields[name] == 'epoch' then fields[name + 1] = before end
    end
    return fields
  end
  redis.call('SET', call, redis.call('HINCRBY', key, 'epoch', 1), 'EX', 600)
  redis.call('HSET', key, 'updatedAt', ARGV[3], 'holder', ARGV[4])
  redis.call('PEXPIRE', p .. 'bytes:' .. redis.call('HGET', key, 'fileId'), ARGV[5])
  keep(ARGV[2], ARGV[3], ARGV[5])
  return redis.call('HGETALL', key)
`);

/**
 * ARGV: call, sessionID, epoch, offset, crc32, updatedAt, ttlMs. A call that Redis runs late must not set the offset back.
 */
export const CHECKPOINT = script(`${ONCE}${KEEP}
  local key = p .. 'session:' .. ARGV[2]
  local session = redis.call('HMGET', key, 'epoch', 'completed', 'fileId')
  if not session[1] then return answer('missing') end
  if session[1] ~= ARGV[3] or session[2] ~= '0' then return answer('fenced') end
  redis.call('HSET', key, 'offset', ARGV[4], 'crc32', ARGV[5], 'updatedAt', ARGV[6])
  redis.call('PEXPIRE', p .. 'bytes:' .. session[3], ARGV[7])
  keep(ARGV[2], ARGV[6], ARGV[7])
  return answer('saved')
`);

/** ARGV: call, sessionID, epoch, fileId, list, file, updatedAt, ttlMs. */
export const COMPLETE = script(`${ONCE}${KEEP}${ADD_FILE}
  local key = p .. 'session:' .. ARGV[2]
  local session = redis.call('HMGET', key, 'epoch', 'completed')
  if not session[1] then return answer('missing') end
  if session[1] ~= ARGV[3] or session[2] ~= '0' then return answer('fenced') end
  if isFile(ARGV[4], ARGV[2]) then return answer('exists') end
  redis.call('HSET', key, 'completed', '1', 'updatedAt', ARGV[7])
  redis.call('DEL', p .. 'bytes:' .. ARGV[4])
  keep(ARGV[2], ARGV[7], ARGV[8])
  addFile(ARGV[4], ARGV[2], ARGV[5], ARGV[6])
  return answer('completed')
`);

/** ARGV: call, sessionID, fileId, list, file. */
export const ADD = script(`${ONCE}${ADD_FILE}
  if isFile(ARGV[3], ARGV[2]) then return answer('exists') end
  addFile(ARGV[3], ARGV[2], ARGV[4], ARGV[5])
  return answer('added')
`);

/** ARGV: call, sessionID, epoch or nothing. */
export const REMOVE = script(`${ONCE}${DROP}
  local session = redis.call('HMGET', p .. 'session:' .. ARGV[2], 'epoch', 'fileId')
  if not session[1] or (ARGV[3] ~= '' and session[1] ~= ARGV[3]) then return answer('no') end
  drop(ARGV[2], session[2])
  return answer('yes')
`);

/** ARGV: call, fileId, list, sessionID. */
export const REMOVE_FILE = script(`${ONCE}${DROP}
  if redis.call('DEL', p .. 'file:' .. ARGV[2]) == 0 then return answer('no') end
  redis.call('DEL', p .. 'file-of:' .. ARGV[4])
  if ARGV[3] ~= '' then redis.call('ZREM', p .. ARGV[3], ARGV[2]) end
  drop(ARGV[4], ARGV[2])
  return answer('yes')
`);

/** ARGV: before, limit. Sessions that expired are removed from the set. */
export const FIND_IDLE = script(`local p = KEYS[1]
  local found = {}
  local ids = redis.call('ZRANGEBYSCORE', p .. 'idle', '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
  for _, sessionID in ipairs(ids) do
    local session = redis.call('HGETALL', p .. 'session:' .. sessionID)
    if #session == 0 then redis.call('ZREM', p .. 'idle', sessionID) else found[#found + 1] = session end
  end
  return found
`);

/** ARGV: sessionID. */
export const FIND_FILE_OF_SESSION = script(`local p = KEYS[1]
  local fileId = redis.call('GET', p .. 'file-of:' .. ARGV[1])
  return fileId and redis.call('GET', p .. 'file:' .. fileId)
`);

/** ARGV: list, below, limit. Returns each file followed by its number. */
export const LIST_FILES = script(`local p = KEYS[1]
  local key, below, limit = p .. ARGV[1], ARGV[2], 2 * ARGV[3]
  local found = {}
  repeat
    local rows = redis.call('ZREVRANGEBYSCORE', key, below, '-inf', 'WITHSCORES', 'LIMIT', 0, (limit - #found) / 2)
    for row = 1, #rows, 2 do
      local file = redis.call('GET', p .. 'file:' .. rows[row])
      if file then
        found[#found + 1] = file
        found[#found + 1] = rows[row + 1]
      else
        redis.call('ZREM', key, rows[row])
      end
      below = '(' .. rows[row + 1]
    end
  until #rows == 0 or #found >= limit
  return found
`);

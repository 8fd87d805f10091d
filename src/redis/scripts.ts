/** Separates an entry into its note, which only entries of an index have, and its text. */
const SPLIT = `
local function split(stored)
  if not stored then return '', false end
  if string.byte(stored, 1) ~= 2 then return '', stored end
  local over = string.find(stored, '\\n', 1, true)
  return string.sub(stored, 2, over - 1), string.sub(stored, over + 1)
end`;

/** The arguments of {@link WRITE} for one key. */
export type WriteArguments = readonly [
  expects: 'anything' | 'nothing' | 'text',
  expected: string,
  does: 'set' | 'remove',
  stored: string,
  ttlMs: number,
];

/**
 * KEYS: entries of one hash tag; ARGV: {@link WriteArguments} for each. Returns for each whether it was written, and the
 * note of what was there before.
 */
export const WRITE = `${SPLIT}
local result = {}
for i, key in ipairs(KEYS) do
  local expects, expected, does, stored, ttl = unpack(ARGV, i * 5 - 4, i * 5)
  local note, present = split(redis.call('GET', key))
  local wrote = expects == 'anything' or (expects == 'nothing' and not present) or
    (expects == 'text' and present == expected)
  if wrote then
    if does == 'set' then redis.call('SET', key, stored, 'PX', ttl) else wrote = redis.call('DEL', key) == 1 end
  end
  result[i * 2 - 1] = wrote and 1 or 0
  result[i * 2] = note
end
return result`;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Takes entries out of an index whose time is over: some at every call, so that none has to do it all. */
const SWEEP = `
for _, place in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('ZREM', KEYS[1], place)
  redis.call('ZREM', KEYS[2], place)
end`;

/**
 * KEYS: the places of an index, and when they end; ARGV: pairs of a place and its time to live, 0 to remove it. Both
 * sets last as long as their last entry.
 */
export const INDEX = `${NOW}${SWEEP}
local longest = redis.call('PTTL', KEYS[1])
for i = 1, #ARGV, 2 do
  local place, ttl = ARGV[i], tonumber(ARGV[i + 1])
  if ttl == 0 then
    redis.call('ZREM', KEYS[1], place)
    redis.call('ZREM', KEYS[2], place)
  else
    redis.call('ZADD', KEYS[1], 0, place)
    redis.call('ZADD', KEYS[2], now + ttl, place)
    longest = math.max(longest, ttl)
  end
end
for i = 1, 2 do redis.call('PEXPIRE', KEYS[i], longest) end
return 1`;

/** KEYS as of {@link INDEX}; ARGV: where to begin, and how many. Returns places, newest first. */
export const PLACES = `${NOW}${SWEEP}
return redis.call('ZREVRANGEBYLEX', KEYS[1], ARGV[1], '-', 'LIMIT', 0, ARGV[2])`;

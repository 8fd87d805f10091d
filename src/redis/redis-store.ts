import type { Redis } from 'ioredis';

import { MaestranoStore } from '../stores/maestrano-store.js';

const REPLACE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end
return 0`;

const DELETE_EXPECTED = `
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0`;

const APPEND = `
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/** How a {@link RedisStore} names its keys. */
export interface RedisStoreOptions {
  /** Put before every key, so that applications can share a Redis; `maestrano:` by default. */
  readonly prefix?: string;
  /** Whether {@link RedisStore.close} also quits the connection; false by default, since you made it. */
  readonly closeConnection?: boolean;
}

/**
 * Keeps everything in Redis (6.2 or newer), for applications that run several instances. Every method is one
 * atomic command or script.
 */
export class RedisStore extends MaestranoStore {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #closeConnection: boolean;

  constructor(redis: Redis, options: RedisStoreOptions = {}) {
    super();
    this.#redis = redis;
    this.#prefix = options.prefix ?? 'maestrano:';
    this.#closeConnection = options.closeConnection ?? false;
  }

  override get(key: string): Promise<string | null> {
    return this.#redis.get(this.#prefix + key);
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#redis.set(this.#prefix + key, value, 'PX', milliseconds(ttlMs));
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    return (await this.#redis.set(this.#prefix + key, value, 'PX', milliseconds(ttlMs), 'NX')) === 'OK';
  }

  override async replace(key: string, expected: string, value: string, ttlMs: number): Promise<boolean> {
    return (
      (await this.#redis.eval(REPLACE, 1, this.#prefix + key, expected, value, milliseconds(ttlMs))) === 1
    );
  }

  override take(key: string): Promise<string | null> {
    return this.#redis.getdel(this.#prefix + key);
  }

  override async delete(key: string, expected?: string): Promise<boolean> {
    if (expected === undefined) return (await this.#redis.del(this.#prefix + key)) === 1;
    return (await this.#redis.eval(DELETE_EXPECTED, 1, this.#prefix + key, expected)) === 1;
  }

  override async append(key: string, value: string, limit: number, ttlMs: number): Promise<void> {
    await this.#redis.eval(APPEND, 1, this.#prefix + key, value, limit, milliseconds(ttlMs));
  }

  override list(key: string): Promise<string[]> {
    return this.#redis.lrange(this.#prefix + key, 0, -1);
  }

  override async ping(): Promise<void> {
    await this.#redis.ping();
  }

  override async close(): Promise<void> {
    if (this.#closeConnection) await this.#redis.quit();
  }
}

/** Redis refuses fractions and zero. */
function milliseconds(ttlMs: number): number {
  return Math.max(1, Math.round(ttlMs));
}

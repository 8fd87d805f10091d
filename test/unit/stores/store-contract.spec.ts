import { randomUUID } from 'node:crypto';
import { once } from 'node:events';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { RedisStore } from '../../../src/redis/redis-store.js';
import type { MaestranoStore } from '../../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { storeContract } from '../../../src/testing/store-contract.js';

const url = process.env['TEST_REDIS_URL'];
if (!url)
  console.warn('Skipping the contract on Redis: redis-server is missing (Debian package: redis-server).');
const onRedis = url ? describe : describe.skip;

describe('store contract in memory', () => {
  for (const { name, run } of storeContract(() => new MemoryStore())) it(name, run);
});

onRedis('store contract on Redis, across two connections', () => {
  const prefix = `contract-${randomUUID()}:`;
  const connections: Redis[] = [];
  let next = 0;

  beforeAll(() => {
    connections.push(new Redis(url!), new Redis(url!));
  });
  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.quit()));
  });

  const makeStore = (): MaestranoStore => new RedisStore(connections[(next += 1) % 2]!, { prefix });
  for (const { name, run } of storeContract(makeStore, { shared: true })) it(name, run);

  it('puts the prefix before every key', async () => {
    await makeStore().set('some:key', 'value', 60_000);
    expect(await connections[0]!.get(`${prefix}some:key`)).toBe('value');
  });

  it('rejects the ping when Redis does not answer', async () => {
    const gone = new Redis('redis://127.0.0.1:1', {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    gone.on('error', () => undefined);
    await expect(new RedisStore(gone).ping()).rejects.toThrow();
    gone.disconnect();
  });

  it('quits the connection only when told that it is the store’s own', async () => {
    const own = new Redis(url!);
    await own.ping();
    await new RedisStore(own, { prefix }).close();
    expect(own.status).toBe('ready');
    const ended = once(own, 'end');
    await new RedisStore(own, { prefix, closeConnection: true }).close();
    await ended;
  });
});

describe('the contract itself', () => {
  const broken: Record<string, new () => MemoryStore> = {
    'a store whose setIfAbsent checks before it writes': class extends MemoryStore {
      override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
        if ((await this.get(key)) !== null) return false;
        await this.set(key, value, ttlMs);
        return true;
      }
    },
    'a store whose take reads before it removes': class extends MemoryStore {
      override async take(key: string): Promise<string | null> {
        const value = await this.get(key);
        await this.delete(key);
        return value;
      }
    },
    'a store that forgets nothing': class extends MemoryStore {
      override set(key: string, value: string): Promise<void> {
        return super.set(key, value, 3_600_000);
      }
    },
    'a store that keeps lists without a limit': class extends MemoryStore {
      override append(key: string, value: string, _limit: number, ttlMs: number): Promise<void> {
        return super.append(key, value, 1000, ttlMs);
      }
    },
  };

  it.each(Object.entries(broken))('refuses %s', async (_name, Store) => {
    const outcomes = await Promise.allSettled(storeContract(() => new Store()).map(({ run }) => run()));
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
  });
});

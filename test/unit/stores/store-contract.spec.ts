import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';

import { RedisStore } from '../../../src/redis/redis-store.js';
import {
  type MaestranoStore,
  type StoreCall,
  type StorePage,
  type StoreWrite,
} from '../../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { companyKey } from '../../../src/stores/store-key.js';
import { storeContract } from '../../../src/testing/store-contract.js';
import { freePort } from '../../support/free-port.mjs';

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

  it('puts the prefix before every key, and keeps plain values as they are', async () => {
    await makeStore().set('some:key', 'value', 60_000);
    expect(await connections[0]!.get(`${prefix}some:key`)).toBe('value');
  });

  it('rejects the ping when Redis does not respond', async () => {
    const gone = new Redis('redis://127.0.0.1:1', {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    gone.on('error', () => undefined);
    await expect(new RedisStore(gone).ping()).rejects.toThrow();
    gone.disconnect();
  });

  it('waits for a Redis that never responds no longer than the signal says', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const redis = new Redis((silent.address() as { port: number }).port, { enableReadyCheck: false });
    redis.on('error', () => undefined);
    const store = new RedisStore(redis);
    const signal = AbortSignal.timeout(50);
    const rejected = { code: 'store.aborted', cause: expect.objectContaining({ name: 'TimeoutError' }) };
    await Promise.all([
      expect(store.get('a', { signal })).rejects.toMatchObject(rejected),
      expect(store.set('a', 'b', 1_000, { signal })).rejects.toMatchObject(rejected),
      expect(store.take('a', { signal })).rejects.toMatchObject(rejected),
      expect(store.page('a', { limit: 1 }, { signal })).rejects.toMatchObject(rejected),
      expect(store.ping({ signal })).rejects.toMatchObject(rejected),
    ]);
    redis.disconnect();
    for (const socket of sockets) socket.destroy();
    silent.close();
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

  it('forgets an index with its last entry, and its entries one by one', async () => {
    const [store, redis] = [makeStore(), connections[0]!];
    const index = randomUUID();
    const places = `${prefix}#index:{${index}}`;
    const write = (ttlMs: number): StoreWrite => ({
      key: randomUUID(),
      value: 'a',
      ttlMs,
      index: { name: index, at: 1 },
    });
    await store.writeMany(Array.from({ length: 50 }, () => write(30)));
    expect(await redis.zcard(places)).toBe(50);
    expect(await redis.pttl(places)).toBeLessThanOrEqual(30);
    await store.writeMany([write(60_000)]);
    await pause(40);
    await store.writeMany([write(30)]);
    expect(await redis.zcard(places)).toBe(2);
    expect(await redis.pttl(places)).toBeGreaterThan(50_000);
  });

  it('leaves an entry out of pages that a crash kept out of its index, and in every decision', async () => {
    const [store, redis] = [makeStore(), connections[0]!];
    const [key, index] = [randomUUID(), randomUUID()];
    await store.writeMany([{ key, value: 'a', ttlMs: 60_000, index: { name: index, at: 1 } }]);
    await redis.del(`${prefix}#index:{${index}}`);
    expect(await store.page(index, { limit: 9 })).toEqual({ entries: [], next: null });
    expect(await store.replace(key, 'a', 'b', 60_000)).toBe(true);
  });
});

onRedis('store contract on a Redis Cluster', () => {
  const prefix = `contract-${randomUUID()}:`;
  let folder = '';
  let server: ChildProcess;
  let cluster: Cluster;

  // One node that holds all slots rejects keys of two hash tags in one command as any cluster does.
  beforeAll(async () => {
    const port = await freePort();
    folder = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-cluster-'));
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
    const clustered = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
    server = spawn('redis-server', [...options, ...clustered], { stdio: 'ignore' });
    const node = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    node.on('error', () => undefined);
    await node.cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
    while (!(await node.cluster('INFO')).includes('cluster_state:ok')) await pause(50);
    await node.quit();
    cluster = new Cluster([{ host: '127.0.0.1', port }]);
  });
  afterAll(async () => {
    await cluster?.quit();
    const gone = once(server, 'exit');
    server.kill();
    await gone;
    rmSync(folder, { recursive: true });
  });

  const makeStore = (): MaestranoStore => new RedisStore(cluster, { prefix });
  for (const { name, run } of storeContract(makeStore, { shared: true })) it(name, run);

  it('rejects two companies in one command, so that the contract means something here', async () => {
    const keys = ['cld-1', 'cld-2'].map((group) => companyKey('x', 'acme', group));
    await expect(cluster.mget(keys)).rejects.toThrow('CROSSSLOT');
  });
});

/** Stores that are wrong in one way each, and the case of the contract that has to find it. */
const BROKEN: readonly [wrong: string, found: RegExp, Store: new () => MemoryStore][] = [
  [
    'compares keys without case, as MySQL does unless told otherwise',
    /^keys: are compared byte by byte/,
    class extends MemoryStore {
      override getMany(keys: readonly string[], call?: StoreCall): Promise<(string | null)[]> {
        return super.getMany(keys.map(lower), call);
      }
      override writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
        return super.writeMany(
          writes.map((write) => ({ ...write, key: lower(write.key) })),
          call,
        );
      }
      override take(key: string, call?: StoreCall): Promise<string | null> {
        return super.take(lower(key), call);
      }
    },
  ],
  [
    'reads, and then removes',
    /^race: of twenty take one gets the value/,
    class extends MemoryStore {
      override async take(key: string): Promise<string | null> {
        const value = await this.get(key);
        await this.delete(key);
        return value;
      }
    },
  ],
  [
    'looks, and then writes',
    /^race: of twenty setIfAbsent/,
    class extends MemoryStore {
      override async writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
        const present = await this.getMany(writes.map(({ key }) => key));
        const good = writes.map(
          ({ expected }, position) => expected === undefined || present[position] === expected,
        );
        const unconditional = writes
          .filter((_, position) => good[position])
          .map(({ key, value, ttlMs }) => ({ key, value, ttlMs }));
        await super.writeMany(unconditional, call);
        return good.map((one, position) => one && !(writes[position]!.value === null && !present[position]));
      }
    },
  ],
  [
    'writes all or nothing',
    /^writeMany: each write is decided by itself/,
    class extends MemoryStore {
      override async writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
        const present = await this.getMany(writes.map(({ key }) => key));
        const good = writes.every(
          ({ expected }, position) => expected === undefined || present[position] === expected,
        );
        return good ? super.writeMany(writes, call) : writes.map(() => false);
      }
    },
  ],
  [
    'forgets nothing',
    /^expiry: no method sees/,
    class extends MemoryStore {
      override writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
        return super.writeMany(
          writes.map((write) => ({ ...write, ttlMs: write.ttlMs && 3_600_000 })),
          call,
        );
      }
    },
  ],
  [
    'keeps texts as UTF-8 does',
    /^values: come back exactly/,
    class extends MemoryStore {
      override writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
        return super.writeMany(
          writes.map((write) => ({
            ...write,
            value: write.value && Buffer.from(write.value).toString(),
          })),
          call,
        );
      }
    },
  ],
  [
    'keeps for ever what has no time to live, without being durable',
    /^expiry: without a time to live/,
    class extends MemoryStore {
      override writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
        return super.writeMany(
          writes.map((write) => ({ ...write, ttlMs: write.ttlMs ?? 3_600_000 })),
          call,
        );
      }
    },
  ],
  [
    'shows the oldest first',
    /^page: newest first/,
    class extends MemoryStore {
      override async page(
        index: string,
        from: { readonly before?: string; readonly limit: number },
        call?: StoreCall,
      ): Promise<StorePage> {
        const { entries, next } = await super.page(index, from, call);
        return { entries: entries.toReversed(), next };
      }
    },
  ],
  [
    'does not listen to signals',
    /^signals: an aborted one/,
    class extends MemoryStore {
      protected override waitFor<T>(_call: StoreCall | undefined, work: () => Promise<T>): Promise<T> {
        return work();
      }
    },
  ],
  [
    'takes any key',
    /^rules: keys that no store can keep/,
    class extends MemoryStore {
      protected override checkKeys(): void {}
    },
  ],
];

function lower(text: string): string {
  return text.toLowerCase();
}

describe('the contract itself', () => {
  it.each(BROKEN)('finds a store that %s', async (_wrong, found, Store) => {
    const cases = storeContract(() => new Store());
    const outcomes = await Promise.allSettled(cases.map(({ run }) => run()));
    const failed = cases.filter((_, position) => outcomes[position]!.status === 'rejected');
    expect(failed.map(({ name }) => name)).toContainEqual(expect.stringMatching(found));
  });
});

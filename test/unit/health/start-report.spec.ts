import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';

import { StartReport } from '../../../src/health/start-report.service.js';
import { RedisStore } from '../../../src/redis/redis-store.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { StoreWithDeadline } from '../../../src/stores/store-with-deadline.js';
import type { MaestranoStore } from '../../../src/stores/maestrano-store.js';
import { settingsOf } from '../../support/settings.js';
import { registeredMarketplace, registryOf } from '../../support/marketplaces.js';

function redisWith(policy: string, limit = 1_000_000): Redis {
  const info = () => Promise.resolve(`# Memory\r\nmaxmemory:${limit}\r\nmaxmemory_policy:${policy}\r\n`);
  return { info } as unknown as Redis;
}

function report(store: MaestranoStore = new MemoryStore(), names: readonly string[] = ['acme', 'beta']) {
  const registry = registryOf(...names.map((name) => registeredMarketplace(name)));
  const endpoints = [{ group: 'sso' }, { group: 'metadata' }] as never;
  return new StartReport(registry, store, { endpoints, prefix: 'maestrano' }, settingsOf({}).session);
}

const logged = (level: 'log' | 'warn') => {
  const lines: string[] = [];
  jest.spyOn(Logger.prototype, level).mockImplementation((line: string) => void lines.push(line));
  return lines;
};

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the block of lines at start', () => {
  it('says what is served, where things are kept and what is switched off', () => {
    const lines = logged('log');
    report().onApplicationBootstrap();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('2 marketplaces');
    expect(lines[0]).toContain('acme: sign in at https://app.example.com/maestrano/auth/saml/init/acme');
    expect(lines[0]).toContain('State: MemoryStore');
    expect(lines[0]).toContain(
      "Sessions: in the application's session where there is one, else in a sealed cookie",
    );
    expect(lines[0]).toContain('Notifications: handled before the response');
    expect(lines[0]).toContain('Not served: accountWebhooks, connecWebhooks, synchronization');
  });

  it('names some marketplaces and counts the rest', () => {
    const names = Array.from({ length: 30 }, (_, number) => `m${number}`);
    const block = report(new MemoryStore(), names).lines();
    expect(block).toContain('  and 10 more');
    expect(block.length).toBeLessThan(30);
  });

  it.each([
    ['production', 1],
    ['development', 0],
  ])('warns of a store in memory in %s', async (environment, count) => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = environment;
    const lines = logged('warn');
    logged('log');
    report(
      new StoreWithDeadline(new (class OwnStore extends MemoryStore {})(), 1_000),
    ).onApplicationBootstrap();
    await new Promise((resolve) => setImmediate(resolve));
    process.env['NODE_ENV'] = before;
    expect(lines.filter((line) => line.includes('memory'))).toHaveLength(count);
  });

  it.each([
    ['allkeys-lru', 1_000_000, 1],
    ['volatile-ttl', 1_000_000, 1],
    ['noeviction', 1_000_000, 0],
    ['allkeys-lru', 0, 0],
  ])('warns of a Redis with %s and a limit of %i', async (policy, limit, count) => {
    const lines = logged('warn');
    logged('log');
    report(new RedisStore(redisWith(policy, limit))).onApplicationBootstrap();
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines.filter((line) => line.includes(policy))).toHaveLength(count);
  });

  it('says nothing of a store that does not respond: that has its line', async () => {
    const lines = logged('warn');
    logged('log');
    const info = () => Promise.reject(new Error('gone'));
    report(new RedisStore({ info } as unknown as Redis)).onApplicationBootstrap();
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines).toEqual([]);
  });
});

import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';

import { MaestranoStoreError } from '../../../src/errors/store.error.js';
import { RedisStore } from '../../../src/redis/redis-store.js';
import { MaestranoStore } from '../../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { storeProviders } from '../../../src/stores/store.providers.js';
import { StoreWithDeadline } from '../../../src/stores/store-with-deadline.js';
import { storeContract } from '../../../src/testing/store-contract.js';
import { errorOf } from '../../support/error-of.js';

/** A store that does with every call what the test says. */
class Behaving extends MemoryStore {
  signals: (AbortSignal | undefined)[] = [];

  constructor(private readonly behave: () => Promise<never> | null) {
    super();
  }

  protected override waitFor<T>(
    call: { readonly signal?: AbortSignal } | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    this.signals.push(call?.signal);
    return this.behave() ?? super.waitFor(call, work);
  }

  override ping(): Promise<void> {
    return this.behave() ?? super.ping();
  }

  override close(): Promise<void> {
    return this.behave() ?? super.close();
  }
}

const never = () => new Promise<never>(() => undefined);
const DEADLINE_MS = 60;

beforeEach(() => {
  for (const level of ['error', 'warn', 'log'] as const)
    jest.spyOn(Logger.prototype, level).mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

const calls: readonly (readonly [name: string, writes: boolean, call: (store: MaestranoStore) => unknown])[] =
  [
    ['getMany', false, (store) => store.getMany(['a'])],
    ['writeMany', true, (store) => store.writeMany([{ key: 'a', value: '1', ttlMs: 1_000 }])],
    ['take', true, (store) => store.take('a')],
    ['page', false, (store) => store.page('index', { limit: 1 })],
    ['ping', false, (store) => store.ping()],
    ['get', false, (store) => store.get('a')],
    ['set', true, (store) => store.set('a', '1', 1_000)],
    ['setIfAbsent', true, (store) => store.setIfAbsent('a', '1', 1_000)],
    ['replace', true, (store) => store.replace('a', '1', '2', 1_000)],
    ['delete', true, (store) => store.delete('a')],
  ];

describe('store with a deadline', () => {
  for (const { name, run } of storeContract(() => new StoreWithDeadline(new MemoryStore(), 5_000)))
    it(`keeps the contract: ${name}`, run);

  it.each(calls)('%s ends in time when the store hangs', async (_name, writes, call) => {
    const inner = new Behaving(never);
    const store = new StoreWithDeadline(inner, DEADLINE_MS);
    const started = performance.now();
    const error = await errorOf(async () => call(store));
    expect(performance.now() - started).toBeLessThan(10 * DEADLINE_MS);
    expect(error).toBeInstanceOf(MaestranoStoreError);
    expect(error).toMatchObject({ code: 'store.unavailable', httpStatus: 503, mayHaveWritten: writes });
    for (const signal of inner.signals) expect(signal?.aborted).toBe(true);
  });

  it.each(calls)('%s says what a driver failed with, without its text', async (_name, writes, call) => {
    const cause = Object.assign(new Error('OOM command not allowed, redis://user:hunter2@host'), {
      name: 'ReplyError',
    });
    const store = new StoreWithDeadline(new Behaving(() => Promise.reject(cause)), DEADLINE_MS);
    const error = await errorOf(async () => call(store));
    expect(error).toMatchObject({ code: 'store.unavailable', mayHaveWritten: writes, cause });
    expect((error as Error).message).toContain('ReplyError (OOM)');
    expect((error as Error).message).not.toContain('hunter2');
  });

  it('passes on what breaks the rules, and what the caller gave up', async () => {
    const store = new StoreWithDeadline(new Behaving(never), 5_000);
    const strict = new StoreWithDeadline(new MemoryStore(), 5_000);
    expect(await errorOf(() => strict.get(''))).toMatchObject({ code: 'store.argument' });
    expect(await errorOf(() => strict.set('a', '1', null))).toMatchObject({ code: 'store.notDurable' });
    const signal = AbortSignal.timeout(20);
    expect(await errorOf(() => store.get('a', { signal }))).toMatchObject({ code: 'store.aborted' });
  });

  it('has one line when the store goes, and one when it is back', async () => {
    let away = true;
    const store = new StoreWithDeadline(
      new Behaving(() => (away ? Promise.reject(new Error('gone')) : null)),
      DEADLINE_MS,
    );
    const [gone, back] = [jest.mocked(Logger.prototype.error), jest.mocked(Logger.prototype.log)];
    await errorOf(() => store.get('a'));
    await errorOf(() => store.get('a'));
    away = false;
    await store.get('a');
    await store.get('a');
    expect([gone.mock.calls.length, back.mock.calls.length]).toEqual([1, 1]);
  });

  it('closes within the deadline, and never rejects', async () => {
    await new StoreWithDeadline(new Behaving(never), DEADLINE_MS).close();
    await new StoreWithDeadline(new Behaving(() => Promise.reject(new Error('x'))), DEADLINE_MS).close();
    expect(Logger.prototype.warn).toHaveBeenCalledTimes(2);
  });

  it('stands around every store but the plain one in memory', () => {
    const [provider] = storeProviders() as unknown as [{ useFactory: (...of: unknown[]) => MaestranoStore }];
    const plain = new MemoryStore();
    expect(provider.useFactory(plain, 1)).toBe(plain);
    expect(provider.useFactory(null, 1)).toBeInstanceOf(MemoryStore);
    expect(provider.useFactory(new Behaving(() => null), 1)).toBeInstanceOf(StoreWithDeadline);
  });
});

describe('RedisStore without a Redis', () => {
  it('fails in time with a client as guides make it, and lets go of the process', async () => {
    const redis = new Redis('redis://127.0.0.1:1');
    redis.on('error', () => undefined);
    const store = new StoreWithDeadline(new RedisStore(redis, { closeConnection: true }), 100);
    expect(await errorOf(() => store.get('a'))).toMatchObject({ code: 'store.unavailable' });
    const started = performance.now();
    await store.close();
    expect(performance.now() - started).toBeLessThan(1_000);
    let connecting = 0;
    redis.on('connecting', () => (connecting += 1));
    await pause(300);
    expect(connecting).toBe(0);
  });
});

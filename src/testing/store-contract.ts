import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import type { MaestranoStore } from '../stores/maestrano-store.js';
import type { ContractCase } from './contract-case.js';
import { STORE_EXPIRY_CONTRACT } from './store-expiry-contract.js';

const HOUR = 3_600_000;
const RACERS = 10;

/** How a store is put through {@link storeContract}. */
export interface StoreContractOptions {
  /** Whether all stores that `makeStore` returns see the same entries; races are then run across two of them. */
  readonly shared?: boolean;
}

/**
 * What every {@link MaestranoStore} must do, as cases for any test runner: the values it keeps, the ten-way races
 * it decides, and the times it keeps them. Keys are random, so a store in use may be tested. Each case closes the
 * stores it made.
 *
 * ```ts
 * for (const { name, run } of storeContract(() => new MyStore())) it(name, run);
 * ```
 */
export function storeContract(
  makeStore: () => MaestranoStore | Promise<MaestranoStore>,
  options: StoreContractOptions = {},
): readonly ContractCase[] {
  const opened = async <T>(
    work: (store: MaestranoStore, other: MaestranoStore) => Promise<T>,
  ): Promise<T> => {
    const store = await makeStore();
    const other = options.shared ? await makeStore() : store;
    try {
      return await work(store, other);
    } finally {
      await store.close();
      if (other !== store) await other.close();
    }
  };
  const cases = { ...VALUES, ...RACES, ...LISTS, ...STORE_EXPIRY_CONTRACT };
  return Object.entries(cases).map(([name, check]) => ({ name, run: () => opened(check) }));
}

/** A check of the contract: two stores over the same entries, or twice the same one. */
export type StoreCheck = (store: MaestranoStore, other: MaestranoStore) => Promise<void>;

const fresh = (): string => `contract:${randomUUID()}`;

/** Every second call goes to the other store. */
async function race<T>(
  store: MaestranoStore,
  other: MaestranoStore,
  call: (store: MaestranoStore, racer: number) => Promise<T>,
): Promise<T[]> {
  return Promise.all(Array.from({ length: RACERS }, (_, racer) => call(racer % 2 ? other : store, racer)));
}

const VALUES: Record<string, StoreCheck> = {
  'get: null for a key nobody wrote': async (store) => {
    assert.equal(await store.get(fresh()), null);
  },
  'set: the value is there, the last write wins, and other stores see it': async (store, other) => {
    const key = fresh();
    await store.set(key, 'first', HOUR);
    await store.set(key, 'second', HOUR);
    assert.equal(await other.get(key), 'second');
  },
  'set: text comes back exactly, whatever it holds': async (store) => {
    for (const text of ['', ' ', 'null', '{"a":1}', 'zażółć 😀\r\n\u0000\u2028', 'x'.repeat(100_000)]) {
      const key = fresh();
      await store.set(key, text, HOUR);
      assert.equal(await store.get(key), text);
    }
  },
  'set: keys that look alike do not meet': async (store) => {
    const key = fresh();
    const alike = [
      key,
      `${key}:`,
      `${key}:a`,
      `${key}:A`,
      `${key}%3Aa`,
      `${key}*`,
      `${key}:__proto__`,
      `${key}:é`,
    ];
    for (const one of alike) await store.set(one, one, HOUR);
    for (const one of alike) assert.equal(await store.get(one), one);
  },
  'setIfAbsent: writes once and says so': async (store) => {
    const key = fresh();
    assert.equal(await store.setIfAbsent(key, 'first', HOUR), true);
    assert.equal(await store.setIfAbsent(key, 'second', HOUR), false);
    assert.equal(await store.get(key), 'first');
  },
  'setIfAbsent: an empty value counts as present': async (store) => {
    const key = fresh();
    await store.set(key, '', HOUR);
    assert.equal(await store.setIfAbsent(key, 'second', HOUR), false);
  },
  'replace: only when the expected value is there': async (store) => {
    const key = fresh();
    assert.equal(await store.replace(key, 'a', 'b', HOUR), false);
    assert.equal(await store.get(key), null);
    await store.set(key, 'a', HOUR);
    assert.equal(await store.replace(key, 'x', 'b', HOUR), false);
    assert.equal(await store.replace(key, 'a', 'b', HOUR), true);
    assert.equal(await store.get(key), 'b');
  },
  'take: reads and removes': async (store, other) => {
    const key = fresh();
    await store.set(key, 'once', HOUR);
    assert.equal(await other.take(key), 'once');
    assert.equal(await store.take(key), null);
    assert.equal(await store.get(key), null);
  },
  'delete: says whether something was there': async (store) => {
    const key = fresh();
    assert.equal(await store.delete(key), false);
    await store.set(key, 'a', HOUR);
    assert.equal(await store.delete(key), true);
    assert.equal(await store.get(key), null);
  },
  'delete: with an expected value, only that one': async (store) => {
    const key = fresh();
    await store.set(key, 'mine', HOUR);
    assert.equal(await store.delete(key, 'theirs'), false);
    assert.equal(await store.get(key), 'mine');
    assert.equal(await store.delete(key, 'mine'), true);
    assert.equal(await store.delete(key, 'mine'), false);
  },
  'ping: resolves': async (store) => {
    await store.ping();
  },
};

const RACES: Record<string, StoreCheck> = {
  'race: of ten setIfAbsent one writes, and its value stays': async (store, other) => {
    const key = fresh();
    const wrote = await race(store, other, (one, racer) => one.setIfAbsent(key, String(racer), HOUR));
    assert.equal(wrote.filter(Boolean).length, 1);
    assert.equal(await store.get(key), String(wrote.indexOf(true)));
  },
  'race: of ten take one gets the value': async (store, other) => {
    const key = fresh();
    await store.set(key, 'once', HOUR);
    const taken = await race(store, other, (one) => one.take(key));
    assert.deepEqual(
      taken.filter((value) => value !== null),
      ['once'],
    );
  },
  'race: of ten replace with one expected value one writes': async (store, other) => {
    const key = fresh();
    await store.set(key, 'start', HOUR);
    const wrote = await race(store, other, (one, racer) => one.replace(key, 'start', String(racer), HOUR));
    assert.equal(wrote.filter(Boolean).length, 1);
    assert.equal(await store.get(key), String(wrote.indexOf(true)));
  },
  'race: of ten delete one removed it': async (store, other) => {
    const key = fresh();
    await store.set(key, 'a', HOUR);
    const removed = await race(store, other, (one) => one.delete(key, 'a'));
    assert.equal(removed.filter(Boolean).length, 1);
  },
  'race: a lock by setIfAbsent and delete admits one at a time': async (store, other) => {
    const key = fresh();
    let inside = 0;
    let entered = 0;
    await race(store, other, async (one, racer) => {
      if (!(await one.setIfAbsent(key, String(racer), HOUR))) return;
      inside += 1;
      entered += 1;
      assert.equal(inside, 1);
      await one.ping();
      inside -= 1;
      assert.equal(await one.delete(key, String(racer)), true);
    });
    assert.ok(entered >= 1);
  },
};

const LISTS: Record<string, StoreCheck> = {
  'list: empty for a key nobody wrote': async (store) => {
    assert.deepEqual(await store.list(fresh()), []);
  },
  'append: newest first, and no more than the limit': async (store, other) => {
    const key = fresh();
    for (const value of ['a', 'b', 'b', 'c']) await store.append(key, value, 3, HOUR);
    assert.deepEqual(await other.list(key), ['c', 'b', 'b']);
  },
  'append: ten at once lose nothing': async (store, other) => {
    const key = fresh();
    await race(store, other, (one, racer) => one.append(key, String(racer), 100, HOUR));
    const kept = await store.list(key);
    assert.deepEqual(
      kept.map(Number).sort((left, right) => left - right),
      [...Array(RACERS).keys()],
    );
  },
  'delete: removes a list': async (store) => {
    const key = fresh();
    await store.append(key, 'a', 3, HOUR);
    assert.equal(await store.delete(key), true);
    assert.deepEqual(await store.list(key), []);
  },
};

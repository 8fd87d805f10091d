import assert from 'node:assert/strict';

import type { MaestranoStore, StoreWrite } from '../stores/maestrano-store.js';
import { freshKey, HOUR, type StoreCheck } from './store-contract-check.js';

const ARGUMENT = { code: 'store.argument' };
const ABORTED = { code: 'store.aborted' };

const writeOf = (key: string, more: Partial<StoreWrite> = {}): StoreWrite => ({
  key,
  value: 'a',
  ttlMs: HOUR,
  ...more,
});

/** Each method that reads or writes, with a signal. */
function calls(store: MaestranoStore, key: string, signal: AbortSignal): (() => Promise<unknown>)[] {
  const call = { signal };
  return [
    () => store.getMany([key], call),
    () => store.writeMany([writeOf(key)], call),
    () => store.take(key, call),
    () => store.page(key, { limit: 1 }, call),
    () => store.ping(call),
    () => store.get(key, call),
    () => store.set(key, 'a', HOUR, call),
    () => store.setIfAbsent(key, 'a', HOUR, call),
    () => store.replace(key, 'a', 'b', HOUR, call),
    () => store.delete(key, 'a', call),
  ];
}

/** The part of the store contract about what is rejected, and about signals. */
export const STORE_RULES_CONTRACT: Readonly<Record<string, StoreCheck>> = {
  'rules: keys that no store can keep are rejected, and nothing of the call is done': async (store) => {
    const good = freshKey();
    for (const bad of ['', 'x'.repeat(513), 'é'.repeat(257), 'a\u0000b', 'half \ud83d']) {
      await assert.rejects(store.getMany([good, bad]), ARGUMENT);
      await assert.rejects(store.writeMany([writeOf(good), writeOf(bad)]), ARGUMENT);
      await assert.rejects(store.take(bad), ARGUMENT);
      await assert.rejects(store.page(bad, { limit: 1 }), ARGUMENT);
      await assert.rejects(store.writeMany([writeOf(good, { index: { name: bad, at: 1 } })]), ARGUMENT);
    }
    assert.equal(await store.get(good), null);
  },
  'rules: more than a thousand keys are rejected, and one key twice': async (store) => {
    const keys = Array.from({ length: 1_001 }, () => freshKey());
    await assert.rejects(store.getMany(keys), ARGUMENT);
    await assert.rejects(store.writeMany(keys.map((key) => writeOf(key))), ARGUMENT);
    const [key] = keys as [string];
    await assert.rejects(store.writeMany([writeOf(key), writeOf(key, { value: 'b' })]), ARGUMENT);
    assert.equal(await store.get(key), null);
  },
  'rules: numbers that are none are rejected': async (store) => {
    const key = freshKey();
    for (const ttlMs of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      await assert.rejects(store.set(key, 'a', ttlMs), ARGUMENT);
    }
    for (const at of [Number.NaN, -1, 1.5, 2 ** 60]) {
      await assert.rejects(store.writeMany([writeOf(key, { index: { name: key, at } })]), ARGUMENT);
    }
    for (const limit of [0, -1, 1.5, 1_001, Number.NaN]) {
      await assert.rejects(store.page(key, { limit }), ARGUMENT);
    }
    assert.equal(await store.get(key), null);
  },
  'signals: an aborted one has nothing done': async (store) => {
    const key = freshKey();
    for (const call of calls(store, key, AbortSignal.abort())) await assert.rejects(call, ABORTED);
    assert.equal(await store.get(key), null);
  },
  'signals: one that is aborted meanwhile ends the wait': async (store) => {
    const controller = new AbortController();
    const waiting = calls(store, freshKey(), controller.signal).map((call) => call());
    controller.abort(new Error('enough'));
    for (const outcome of await Promise.allSettled(waiting)) {
      if (outcome.status === 'rejected')
        assert.equal((outcome.reason as { code?: unknown }).code, ABORTED.code);
    }
  },
  'signals: one that is never aborted changes nothing': async (store) => {
    const { signal } = new AbortController();
    const key = freshKey();
    await store.set(key, 'a', HOUR, { signal });
    assert.equal(await store.get(key, { signal }), 'a');
  },
};

import assert from 'node:assert/strict';

import type { MaestranoStore } from '../stores/maestrano-store.js';
import { eventually } from './contract-case.js';
import { freshKey, HOUR, type StoreCheck } from './store-contract-check.js';

/** Short enough to wait for, long enough that a busy machine does not make it pass unseen. */
const BRIEF = 80;

/** In milliseconds: less than what is waited for an entry to run out. */
const LONGEST = 2_000;

const gone = (store: MaestranoStore, key: string): Promise<void> =>
  eventually(async () => (await store.get(key)) === null, 'the entry runs out');

/** The part of the store contract about time: an entry whose time is over was never there. */
export const STORE_EXPIRY_CONTRACT: Readonly<Record<string, StoreCheck>> = {
  'expiry: no method sees an entry whose time is over': async (store) => {
    const [read, taken, deleted, claimed, replaced, listed] = Array.from({ length: 6 }, freshKey) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const keys = [taken, deleted, claimed, replaced, listed, read];
    const index = freshKey();
    await store.writeMany(
      keys.map((key) => ({ key, value: 'a', ttlMs: BRIEF, index: { name: index, at: 1 } })),
    );
    await gone(store, read);
    assert.deepEqual(await store.getMany([listed, read]), [null, null]);
    assert.deepEqual(await store.page(index, { limit: 10 }), { entries: [], next: null });
    assert.equal(await store.take(taken), null);
    assert.equal(await store.delete(deleted), false);
    assert.equal(await store.replace(replaced, 'a', 'b', HOUR), false);
    assert.equal(await store.setIfAbsent(claimed, 'b', HOUR), true);
    assert.equal(await store.get(claimed), 'b');
  },
  'expiry: set and replace start the time anew': async (store) => {
    const [written, replaced, probe] = [freshKey(), freshKey(), freshKey()];
    await store.set(written, 'a', BRIEF);
    await store.set(written, 'b', HOUR);
    await store.set(replaced, 'a', HOUR);
    await store.replace(replaced, 'a', 'b', BRIEF);
    await store.set(probe, 'a', BRIEF);
    await gone(store, probe);
    assert.equal(await store.get(written), 'b');
    await gone(store, replaced);
  },
  'expiry: a write that did not happen does not prolong the entry': async (store) => {
    // On a busy machine the time may be over before the second write, which then rightly happens.
    for (let ttlMs = BRIEF; ttlMs < LONGEST; ttlMs *= 4) {
      const [claimed, replaced] = [freshKey(), freshKey()];
      await store.set(claimed, 'a', ttlMs);
      await store.set(replaced, 'a', ttlMs);
      if (await store.setIfAbsent(claimed, 'b', HOUR)) continue;
      await store.replace(replaced, 'x', 'b', HOUR);
      await gone(store, claimed);
      await gone(store, replaced);
      return;
    }
    assert.fail(`an entry that may stay for ${LONGEST} ms does not stay for one call`);
  },
  'expiry: a claim that ran out is won by one of twenty': async (store, other) => {
    const key = freshKey();
    await store.set(key, 'dead', BRIEF);
    await gone(store, key);
    const wrote = await Promise.all(
      Array.from({ length: 20 }, (_, racer) => (racer % 2 ? other : store).setIfAbsent(key, 'x', HOUR)),
    );
    assert.equal(wrote.filter(Boolean).length, 1);
  },
  'expiry: fractions of a millisecond are fine, and so is the longest time': async (store) => {
    const [fraction, longest] = [freshKey(), freshKey()];
    await store.set(fraction, 'a', HOUR + 0.25);
    await store.set(longest, 'a', Number.MAX_SAFE_INTEGER / 4);
    assert.deepEqual(await store.getMany([fraction, longest]), ['a', 'a']);
  },
  'expiry: a time that is over already is over at once': async (store) => {
    const key = freshKey();
    await store.set(key, 'a', HOUR);
    await store.set(key, 'b', -5);
    await gone(store, key);
  },
  'expiry: without a time to live only where the store is durable': async (store) => {
    const key = freshKey();
    if (store.durable) {
      await store.set(key, 'a', null);
      assert.equal(await store.replace(key, 'a', 'b', null), true);
      assert.equal(await store.take(key), 'b');
      return;
    }
    await assert.rejects(store.set(key, 'a', null), { code: 'store.notDurable' });
    assert.equal(await store.get(key), null);
  },
};

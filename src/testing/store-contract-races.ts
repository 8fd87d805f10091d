import assert from 'node:assert/strict';

import type { MaestranoStore } from '../stores/maestrano-store.js';
import { companyKey } from '../stores/store-key.js';
import { freshKey, HOUR, type StoreCheck } from './store-contract-check.js';

const RACERS = 20;

/** Every second call goes to the other store. */
async function race<T>(
  store: MaestranoStore,
  other: MaestranoStore,
  call: (store: MaestranoStore, racer: number) => Promise<T>,
): Promise<T[]> {
  return Promise.all(Array.from({ length: RACERS }, (_, racer) => call(racer % 2 ? other : store, racer)));
}

/** The part of the store contract about callers at the same time. */
export const STORE_RACES_CONTRACT: Readonly<Record<string, StoreCheck>> = {
  'race: of twenty setIfAbsent one writes, and its value stays': async (store, other) => {
    const key = freshKey();
    const wrote = await race(store, other, (one, racer) => one.setIfAbsent(key, String(racer), HOUR));
    assert.equal(wrote.filter(Boolean).length, 1);
    assert.equal(await store.get(key), String(wrote.indexOf(true)));
  },
  'race: of twenty take one gets the value': async (store, other) => {
    const key = freshKey();
    await store.set(key, 'once', HOUR);
    const taken = await race(store, other, (one) => one.take(key));
    assert.deepEqual(
      taken.filter((value) => value !== null),
      ['once'],
    );
  },
  'race: of twenty replace with one expected value one writes': async (store, other) => {
    const key = freshKey();
    await store.set(key, 'start', HOUR);
    const wrote = await race(store, other, (one, racer) => one.replace(key, 'start', String(racer), HOUR));
    assert.equal(wrote.filter(Boolean).length, 1);
    assert.equal(await store.get(key), String(wrote.indexOf(true)));
  },
  'race: of twenty delete one removed it': async (store, other) => {
    const key = freshKey();
    await store.set(key, 'a', HOUR);
    const removed = await race(store, other, (one) => one.delete(key, 'a'));
    assert.equal(removed.filter(Boolean).length, 1);
  },
  'race: of a take and a replace only one finds the value': async (store, other) => {
    for (let round = 0; round < RACERS; round += 1) {
      const key = freshKey();
      await store.set(key, 'a', HOUR);
      const [taken, replaced] = await Promise.all([store.take(key), other.replace(key, 'a', 'b', HOUR)]);
      assert.equal(taken, replaced ? 'b' : 'a');
      assert.equal(await store.get(key), null);
    }
  },
  'race: of twenty lists with keys in common each key is written once, and nobody waits for ever': async (
    store,
    other,
  ) => {
    const group = freshKey();
    const keys = Array.from({ length: 40 }, (_, n) =>
      companyKey('contract', 'acme', n % 2 ? group : `${group}-${n % 3}`, String(n)),
    );
    const wrote = await race(store, other, (one, racer) =>
      one.writeMany(
        (racer % 3 === 0 ? [...keys].reverse() : keys).map((key) => ({
          key,
          expected: null,
          value: String(racer),
          ttlMs: HOUR,
        })),
      ),
    );
    assert.equal(wrote.flat().filter(Boolean).length, keys.length);
    const found = await store.getMany(keys);
    const winners = keys.map((_, position) =>
      wrote.findIndex((list, racer) => list[racer % 3 === 0 ? keys.length - 1 - position : position]),
    );
    assert.deepEqual(found, winners.map(String));
  },
  'race: a counter by replace loses no step': async (store, other) => {
    const key = freshKey();
    await store.set(key, '0', HOUR);
    await race(store, other, async (one) => {
      // Each step that somebody else makes costs one attempt at most.
      for (let attempt = 0; attempt < RACERS; attempt += 1) {
        const present = (await one.get(key)) ?? '';
        if (await one.replace(key, present, String(Number(present) + 1), HOUR)) return;
      }
      assert.fail('replace finds what get finds, and still does not write');
    });
    assert.equal(await store.get(key), String(RACERS));
  },
  'race: a lock by setIfAbsent and delete admits one at a time': async (store, other) => {
    const key = freshKey();
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

import assert from 'node:assert/strict';

import { NEW_STREAM } from '../sync/store/sync-store.js';
import { eventually } from './contract-case.js';
import {
  codeOf,
  ENTITY,
  freshScope,
  fullLink,
  leased,
  type SyncStoreCheck,
} from './sync-store-contract-check.js';

/** The part of the contract about who may work on a scope. */
export const SYNC_STORE_LEASES: Readonly<Record<string, SyncStoreCheck>> = {
  'acquire: of twenty callers one gets the lease, and nobody else before it is released': async (
    store,
    other,
  ) => {
    const scope = freshScope();
    const calls = Array.from({ length: 20 }, (_one, index) =>
      (index % 2 ? store : other).acquire(scope, 60_000),
    );
    const got = (await Promise.all(calls)).filter((lease) => lease !== null);
    assert.equal(got.length, 1);
    assert.deepEqual(got[0]!.scope, scope);
    assert.ok(got[0]!.until > Date.now(), 'it lasts');
    assert.equal(await store.acquire(scope, 60_000), null);
    await other.release(got[0]!);
    const next = await leased(store, scope);
    assert.ok(next.token > got[0]!.token, 'the token rises');
  },
  'acquire: a lease that ran out is free, and its holder writes nothing any more': async (store, other) => {
    const scope = freshScope();
    const old = await store.acquire(scope, 20);
    assert.ok(old);
    let next = await other.acquire(scope, 60_000);
    await eventually(
      async () => (next ??= await other.acquire(scope, 60_000)) !== null,
      'the lease runs out',
    );
    assert.ok(next!.token > old.token, 'the token rises');
    const link = fullLink('a');
    assert.equal(await codeOf(store.commit(old, { entity: ENTITY, links: [link] })), 'sync.leaseLost');
    assert.equal(await store.renew(old, 60_000), null);
    await store.release(old);
    assert.equal(await store.acquire(scope, 60_000), null);
    assert.deepEqual(await other.links(scope, ENTITY, [{ key: 'a' }]), [null]);
  },
  'now: one clock for all, in milliseconds of the epoch, that does not go back': async (store, other) => {
    const times: number[] = [];
    for (const one of [store, other, store]) times.push(await one.now());
    assert.ok(
      times.every((time) => time > Date.UTC(2020, 0) && Number.isFinite(time)),
      'milliseconds',
    );
    // Whole milliseconds of a database may be rounded either way.
    assert.ok(times[0]! <= times[1]! + 1 && times[1]! <= times[2]! + 1, 'the time goes on');
  },
  'a write of any kind with an older lease is rejected, and nothing is changed': async (store, other) => {
    const scope = freshScope();
    const old = await leased(store, scope);
    const entry = { key: 'a', at: 1, field: 'name', to: null, rule: 'ask', conflict: true } as const;
    await store.commit(old, { entity: ENTITY, links: [fullLink('a')], history: [entry] });
    await store.hint(scope, [{ entity: ENTITY, side: 'app', recordId: '1', cause: 'touch' }]);
    const run = { id: 'old', status: 'RUNNING', message: '', startedAt: 1, endedAt: null } as const;
    const mine = { run, taken: { id: 'w', options: {} }, pausedUntil: 5 };
    assert.deepEqual((await store.setGroup(scope, mine, old)).run, run);
    await store.release(old);
    const next = await leased(other, scope);
    const theirs = { run: { ...run, id: 'next' }, taken: null, pausedUntil: null };
    await other.setGroup(scope, theirs, next);
    const everything = async (): Promise<unknown> => [
      await other.links(scope, ENTITY, [{ key: 'a' }, { key: 'b' }]),
      await other.stream(scope, ENTITY),
      await other.history(scope, ENTITY, 'a', 10),
      await other.hints(scope, ENTITY, 10),
      await other.group(scope),
    ];
    const before = await everything();
    const [hint] = await other.hints(scope, ENTITY, 1);
    const writes: readonly (() => Promise<unknown>)[] = [
      () => store.commit(old, { entity: ENTITY, links: [fullLink('b')] }),
      () => store.commit(old, { entity: ENTITY, removed: ['a'] }),
      () => store.commit(old, { entity: ENTITY, hints: [hint!.id] }),
      () => store.commit(old, { entity: ENTITY, history: [{ ...entry, at: 2 }] }),
      () => store.commit(old, { entity: ENTITY, stream: { ...NEW_STREAM, confirmed: true } }),
      () => store.commit(old, { entity: ENTITY }),
      () => store.setGroup(scope, { run: { ...run, status: 'SUCCESS', endedAt: 9 } }, old),
      () => store.setGroup(scope, { again: false, pausedUntil: 7 }, old),
      () => store.setGroup(scope, { taken: { id: 'w', options: null } }, old),
    ];
    for (const write of writes) assert.equal(await codeOf(write()), 'sync.leaseLost');
    assert.equal(await store.renew(old, 60_000), null);
    await store.release(old);
    assert.deepEqual(await everything(), before);
    // What is no run's needs no lease.
    assert.equal((await store.setGroup(scope, { enabled: false })).enabled, false);
    assert.deepEqual((await other.setGroup(scope, { again: true }, next)).run, theirs.run);
    await other.forget(scope);
    assert.equal(await codeOf(other.setGroup(scope, { run }, next)), 'sync.leaseLost');
    assert.equal((await store.group(scope)).run, null);
  },
  'renew: moves the end, for its holder only': async (store, other) => {
    const scope = freshScope();
    const lease = await leased(store, scope);
    const renewed = await store.renew(lease, 120_000);
    assert.ok(renewed);
    assert.equal(renewed.token, lease.token);
    assert.ok(renewed.until > lease.until, 'it ends later');
    await other.release(renewed);
    assert.equal(await store.renew(renewed, 60_000), null);
  },
  'acquire: scopes that differ in anything are no obstacle to each other': async (store) => {
    const scope = freshScope();
    for (const one of [
      scope,
      { ...scope, app: 'another' },
      { ...scope, marketplace: 'another' },
      { ...scope, group: `${scope.group}x` },
      { ...scope, app: 'contract:acme', marketplace: scope.group, group: 'x' },
    ]) {
      assert.ok(await store.acquire(one, 60_000));
    }
  },
  'forget: nothing is known any more, and who held the lease commits nothing': async (store, other) => {
    const [scope, neighbour] = [freshScope(), freshScope()];
    for (const one of [scope, neighbour]) {
      const lease = await leased(store, one);
      const stream = { ...(await store.stream(one, ENTITY)), confirmed: true };
      const history = [{ key: 'a', at: 1, field: 'name', to: null, rule: 'ask', conflict: true }];
      await store.commit(lease, {
        entity: ENTITY,
        links: [fullLink('a', { matchKeys: ['m'] })],
        stream,
        history,
      });
      await store.hint(one, [{ entity: ENTITY, side: 'app', recordId: '1', cause: 'touch' }]);
      await store.setGroup(one, { enabled: false });
      if (one === neighbour) break;
      await other.forget(one);
      assert.equal(
        await codeOf(store.commit(lease, { entity: ENTITY, links: [fullLink('b')] })),
        'sync.leaseLost',
      );
    }
    assert.deepEqual(await store.links(scope, ENTITY, [{ key: 'a' }, { key: 'b' }]), [null, null]);
    assert.deepEqual(await store.matching(scope, ENTITY, ['m']), []);
    assert.equal((await store.stream(scope, ENTITY)).confirmed, false);
    assert.deepEqual(await store.hints(scope, ENTITY, 10), []);
    assert.deepEqual(await store.history(scope, ENTITY, 'a', 10), []);
    assert.equal((await store.group(scope)).enabled, true);
    assert.ok(await store.acquire(scope, 60_000), 'the lease is free');
    assert.equal((await store.group(neighbour)).enabled, false);
    assert.notEqual((await store.links(neighbour, ENTITY, [{ key: 'a' }]))[0], null);
  },
};

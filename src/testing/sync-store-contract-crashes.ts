import assert from 'node:assert/strict';

import type { SyncLease, SyncScope, SyncStore } from '../sync/store/sync-store.js';
import { eventually } from './contract-case.js';
import {
  codeOf,
  ENTITY,
  freshScope,
  fullLink,
  leased,
  type SyncStoreCheck,
} from './sync-store-contract-check.js';

/** Times that a holder and its successor meet. */
const ROUNDS = 10;

/** A lease that its holder takes to the grave: it runs out at once. */
async function dying(store: SyncStore, scope: SyncScope): Promise<SyncLease> {
  const lease = await store.acquire(scope, 1);
  assert.ok(lease, 'nobody else holds the lease');
  return lease;
}

/** The lease of whoever comes next, once that of the dead has run out. */
async function inherited(store: SyncStore, scope: SyncScope): Promise<SyncLease> {
  let lease: SyncLease | null = null;
  await eventually(
    async () => (lease ??= await store.acquire(scope, 60_000)) !== null,
    'the lease of a holder that is gone runs out',
  );
  return lease!;
}

/** The part of the contract about holders that die, and about commits of which nobody hears the end. */
export const SYNC_STORE_CRASHES: Readonly<Record<string, SyncStoreCheck>> = {
  'crash: the next holder finds all that was acknowledged, intents first of all': async (store, other) => {
    const scope = freshScope();
    const setUp = await leased(store, scope);
    await store.hint(scope, [
      { entity: ENTITY, side: 'app', recordId: 'named', cause: 'touch' },
      { entity: ENTITY, side: 'app', recordId: 'left', cause: 'touch' },
    ]);
    const [named] = await store.hints(scope, ENTITY, 1);
    await store.release(setUp);
    const lease = await dying(store, scope);
    const link = fullLink('a', { dueAt: 7, since: 7 });
    const stream = { ...(await store.stream(scope, ENTITY)), appCursor: 'behind the page', confirmed: true };
    const entry = {
      key: 'a',
      at: 1,
      field: 'name',
      to: 'app',
      rule: 'only app changed',
      conflict: false,
    } as const;
    // A process that dies here says nothing any more: it neither releases its lease nor closes the store.
    await store.commit(lease, {
      entity: ENTITY,
      links: [link],
      stream,
      hints: [named!.id],
      history: [entry],
    });
    await inherited(other, scope);
    assert.deepEqual(await other.due(scope, ENTITY, 7, 9), [link]);
    assert.deepEqual(await other.stream(scope, ENTITY), stream);
    assert.deepEqual(await other.history(scope, ENTITY, 'a', 9), [entry]);
    const hints = await other.hints(scope, ENTITY, 9);
    assert.deepEqual(
      hints.map(({ recordId }) => recordId),
      ['left'],
    );
  },
  'crash: a commit that nobody hears of is there as a whole, or not at all': async (store, other) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const scope = freshScope();
      const lease = await dying(store, scope);
      const links = Array.from({ length: 50 }, (_one, index) => fullLink(`k${index}`));
      const stream = { ...(await store.stream(scope, ENTITY)), appCursor: 'moved' };
      const entry = { key: 'k0', at: 1, field: 'name', to: null, rule: 'ask', conflict: true } as const;
      const unheard = codeOf(store.commit(lease, { entity: ENTITY, links, stream, history: [entry] }));
      const next = await inherited(other, scope);
      const outcome = await unheard;
      const found = {
        links: (await other.page(scope, ENTITY, { limit: 100 })).links.length,
        cursor: (await other.stream(scope, ENTITY)).appCursor,
        history: (await other.history(scope, ENTITY, 'k0', 9)).length,
      };
      const [whole, nothing] = [
        { links: 50, cursor: 'moved', history: 1 },
        { links: 0, cursor: null, history: 0 },
      ];
      // A failure of the database says neither.
      const happened = outcome === 'resolved' || (outcome !== 'sync.leaseLost' && found.links > 0);
      assert.deepEqual(found, happened ? whole : nothing);
      await other.release(next);
    }
  },
  'crash: a holder that wakes up beside its successor changes nothing that the successor wrote': async (
    store,
    other,
  ) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const scope = freshScope();
      const old = await dying(store, scope);
      const next = await inherited(other, scope);
      const mine = fullLink('a', { attempts: 1 });
      const theirs = fullLink('a', { attempts: 99 });
      const [asleep, awake] = await Promise.all([
        codeOf(store.commit(old, { entity: ENTITY, links: [theirs], removed: ['b'] })),
        codeOf(other.commit(next, { entity: ENTITY, links: [mine, fullLink('b')] })),
      ]);
      assert.deepEqual([asleep, awake], ['sync.leaseLost', 'resolved']);
      assert.equal(await store.renew(old, 60_000), null);
      await store.release(old);
      assert.equal(await store.acquire(scope, 60_000), null, 'the successor has the lease');
      assert.deepEqual(await store.links(scope, ENTITY, [{ key: 'a' }, { key: 'b' }]), [mine, fullLink('b')]);
    }
  },
};

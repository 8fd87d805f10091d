import { describe, expect, it } from '@jest/globals';

import { MemorySyncStore } from '../../../src/sync/store/memory-sync-store.js';
import type { SyncCommit, SyncGroupState, SyncLease, SyncScope } from '../../../src/sync/store/sync-store.js';
import { syncStoreContract } from '../../../src/testing/sync-store-contract.js';

describe('store contract of the synchronization, in memory (check 23)', () => {
  for (const { name, run } of syncStoreContract(() => new MemorySyncStore())) it(name, run);
});

/** Takes a part of a commit for good although the whole was rejected. */
class HalfCommits extends MemorySyncStore {
  override async commit(lease: SyncLease, changes: SyncCommit): Promise<void> {
    const { stream, ...others } = changes;
    if (stream) await super.commit(lease, { entity: changes.entity, stream });
    await super.commit(lease, others);
  }
}

/** Knows who has the lease, and takes commits of everybody. */
class Unfenced extends MemorySyncStore {
  #newest: SyncLease | null = null;

  override async acquire(scope: SyncScope, ttlMs: number): Promise<SyncLease | null> {
    const lease = await super.acquire(scope, ttlMs);
    this.#newest = lease ?? this.#newest;
    return lease;
  }

  override async commit(lease: SyncLease, changes: SyncCommit): Promise<void> {
    await super.commit({ ...lease, token: this.#newest?.token ?? lease.token }, changes);
  }
}

/** Asks for the lease where records are written, and not where runs are noted. */
class NotesOfAnybody extends MemorySyncStore {
  override async setGroup(scope: SyncScope, changes: Partial<SyncGroupState>): Promise<SyncGroupState> {
    return super.setGroup(scope, changes);
  }
}

/** Says of a commit that it is kept before it is: the next one of its holder takes it along. */
class Hasty extends MemorySyncStore {
  readonly #waiting = new Map<string, SyncCommit[]>();

  override async commit(lease: SyncLease, changes: SyncCommit): Promise<void> {
    const { group } = lease.scope;
    for (const one of this.#waiting.get(group) ?? []) await super.commit(lease, one);
    this.#waiting.set(group, [changes]);
  }

  override async release(lease: SyncLease): Promise<void> {
    for (const one of this.#waiting.get(lease.scope.group) ?? []) await super.commit(lease, one);
    this.#waiting.delete(lease.scope.group);
    await super.release(lease);
  }
}

/** Forgets a hint that came again while it was dealt with. */
class LosesHints extends MemorySyncStore {
  override async commit(lease: SyncLease, changes: SyncCommit): Promise<void> {
    const all = changes.hints?.length ? await this.hints(lease.scope, changes.entity, 1_000) : [];
    await super.commit(lease, { ...changes, hints: all.map(({ id }) => id) });
  }
}

describe('store contract of the synchronization', () => {
  it.each([
    ['keeps half of a rejected commit', HalfCommits, /nothing of the commit is kept/],
    ['takes commits of an older holder', Unfenced, /its holder writes nothing any more/],
    [
      'lets an older holder note how its run ended',
      NotesOfAnybody,
      /a write of any kind with an older lease/,
    ],
    ['acknowledges what it has not kept', Hasty, /finds all that was acknowledged/],
    ['loses hints', LosesHints, /kept when it came again meanwhile/],
  ])('is failed by a store that %s (check 23)', async (_name, Broken, failing) => {
    const failed: string[] = [];
    for (const { name, run } of syncStoreContract(() => new Broken())) {
      await run().catch(() => failed.push(name));
    }
    expect(failed.join('\n')).toMatch(failing);
  });
});

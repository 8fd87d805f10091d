import { beforeEach, describe, expect, it } from '@jest/globals';

import { HeldLease } from '../../../src/sync/engine/held-lease.js';
import { newLink } from '../../../src/sync/store/sync-link.js';
import { MemorySyncStore } from '../../../src/sync/index.js';
import type { SyncCommit } from '../../../src/sync/store/sync-store.js';
import { errorOf } from '../../support/error-of.js';

const SCOPE = { app: 'app', marketplace: 'uat', group: 'cld-1' };

class CountingStore extends MemorySyncStore {
  reads = 0;
  readonly commits: SyncCommit[] = [];

  override async stream(...given: Parameters<MemorySyncStore['stream']>) {
    this.reads += 1;
    return super.stream(...given);
  }

  override async commit(...given: Parameters<MemorySyncStore['commit']>): Promise<void> {
    await super.commit(...given);
    this.commits.push(given[1]);
  }
}

describe('the state of an entity under a lease', () => {
  let store: CountingStore;
  const held = async (): Promise<HeldLease> => {
    const lease = await store.acquire(SCOPE, 60_000);
    return new HeldLease(store, lease!, { leaseMs: 30_000, timeoutMs: 30_000 });
  };

  beforeEach(() => {
    store = new CountingStore();
  });

  it('is read once, and is what was kept last', async () => {
    const guard = await held();
    const stream = await guard.stream('people');
    await guard.commit({ entity: 'people', stream: { ...stream, appCursor: '7' } });
    expect((await guard.stream('people')).appCursor).toBe('7');
    expect(store.reads).toBe(1);
    expect((await store.stream(SCOPE, 'people')).appCursor).toBe('7');
  });

  it('is written where it changed, and nothing is where nothing did', async () => {
    const guard = await held();
    const stream = await guard.stream('people');
    await guard.commit({ entity: 'people', links: [], stream: { ...stream } });
    expect(store.commits).toEqual([]);
    await guard.commit({ entity: 'people', links: [newLink('k', { app: '1' })], stream: { ...stream } });
    await guard.commit({ entity: 'people', stream: { ...stream, erased: 1 } });
    expect(store.commits).toMatchObject([{ links: [{ key: 'k' }] }, { stream: { erased: 1 } }]);
    expect(store.commits[0]).not.toHaveProperty('stream');
  });

  it('is not known by a commit that was rejected', async () => {
    const guard = await held();
    const stream = await guard.stream('people');
    const twice = [newLink('k', { app: '1' }), newLink('l', { app: '1' })];
    await errorOf(guard.commit({ entity: 'people', links: twice, stream: { ...stream, erased: 1 } }));
    expect((await guard.stream('people')).erased).toBe(0);
  });
});

import type { SyncStore } from '../store/sync-store.js';

/**
 * The clock of the store, which all instances share: asked once, and counted on by the clock of this process. It is late by
 * no more than the response took.
 */
export async function sharedClock(store: Pick<SyncStore, 'now'>): Promise<() => number> {
  const now = await store.now();
  const asked = Date.now();
  return () => now + (Date.now() - asked);
}

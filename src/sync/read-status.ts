import { presentRun } from './slices.js';
import type { SyncScope, SyncStore } from './store/sync-store.js';
import type { SyncEntityStatus, SyncStatus } from './sync-status.interface.js';

/** How it stands with a group, by what is in the store. */
export async function readStatus(
  store: SyncStore,
  scope: SyncScope,
  entities: readonly string[],
): Promise<SyncStatus> {
  const state = await store.group(scope);
  const now = await store.now();
  const read: SyncEntityStatus[] = [];
  for (const entity of entities) {
    const { stopped, confirmed, foundBySweep, notices } = await store.stream(scope, entity);
    const counts = await store.count(scope, entity, now);
    read.push({
      entity,
      ...counts,
      dueSince: counts.due === 0 ? null : await dueSince(store, scope, entity, now),
      stopped,
      confirmed,
      paused: entity in state.paused,
      foundBySweep,
      notices,
    });
  }
  return { enabled: state.enabled, run: presentRun(state), entities: read };
}

/** Since when the oldest record that is due waits, in milliseconds. */
async function dueSince(
  store: SyncStore,
  scope: SyncScope,
  entity: string,
  now: number,
): Promise<number | null> {
  const [oldest] = await store.due(scope, entity, now, 1);
  return oldest?.since ?? null;
}

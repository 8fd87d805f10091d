import { isDeepStrictEqual } from 'node:util';

import { MaestranoSyncError } from '../errors/sync.error.js';
import { NEW_GROUP, NEW_STREAM, type SyncScope, type SyncStore } from './store/sync-store.js';

/**
 * Whether anything is kept of a group: a run, or that somebody asked for one; a switch; links that were imported; a hint. Of a group
 * that was never named before, of one that is misspelt and of one that was forgotten there is nothing. Writes nothing.
 */
export async function isKnownGroup(
  store: SyncStore,
  scope: SyncScope,
  entities: readonly string[],
): Promise<boolean> {
  if (!isDeepStrictEqual(await store.group(scope), NEW_GROUP)) return true;
  for (const entity of entities) {
    if (!isDeepStrictEqual(await store.stream(scope, entity), NEW_STREAM)) return true;
    if ((await store.page(scope, entity, { limit: 1 })).links.length > 0) return true;
    if ((await store.hints(scope, entity, 1)).length > 0) return true;
  }
  return false;
}

/** @throws MaestranoSyncError `sync.unknownGroup` where nothing is kept of the group */
export async function checkKnownGroup(
  store: SyncStore,
  scope: SyncScope,
  entities: readonly string[],
): Promise<void> {
  if (await isKnownGroup(store, scope, entities)) return;
  const { marketplace, group } = scope;
  throw new MaestranoSyncError('sync.unknownGroup', {
    message: nothingKnownOf(marketplace, group),
    marketplace,
    group,
  });
}

/** What is said of a group of which nothing is kept. */
export function nothingKnownOf(marketplace: string, group: string): string {
  return `Nothing is known of ${marketplace}/${group}: no run of it was ever asked for.`;
}

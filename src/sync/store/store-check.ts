import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { SyncStore } from './sync-store.js';

/**
 * Whether a store is good enough: one that may lose what it acknowledged is refused in production, unless that is
 * accepted (synchronization §12.13).
 *
 * @param warn takes what is wrong where it is accepted
 * @throws MaestranoSyncError `sync.store`, and what the store's own check rejects with
 */
export async function checkStore(
  store: SyncStore,
  acceptDataLoss: boolean,
  warn: (sentence: string) => void,
): Promise<void> {
  await store.check();
  const losses = await lossesOf(store);
  if (losses.length === 0) return;
  if (acceptDataLoss || process.env.NODE_ENV !== 'production') {
    for (const sentence of losses) warn(sentence);
    return;
  }
  throw new MaestranoSyncError('sync.store', {
    message: losses.join(' '),
    remedy:
      'Give it a SyncStore that keeps what it acknowledged, such as SqlSyncStore, or set acceptDataLoss.',
  });
}

/** Why the store may lose what it acknowledged to the engine. */
async function lossesOf(store: SyncStore): Promise<readonly string[]> {
  if (store.durability === 'memory') return ['The store of the synchronization is over with the process.'];
  const known = await store.losses();
  return store.durability === 'durable' || known.length > 0
    ? known
    : ['The store of the synchronization may lose what it acknowledged: edits would be overwritten.'];
}

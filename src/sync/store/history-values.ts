import type { SyncHistoryEntry } from './sync-store.js';

/** The entries, those from before a moment without values of records. */
export function withoutValues(
  entries: readonly SyncHistoryEntry[],
  before: number,
): readonly SyncHistoryEntry[] {
  return entries.map((entry) => {
    if (entry.values === undefined || entry.at >= before) return entry;
    const { values: _forgotten, ...left } = entry;
    return left;
  });
}

import type { MaestranoStore, StoreEntry } from '../stores/maestrano-store.js';

/** Most entries that are read for one page, whatever matches: a page over a million rows costs no more. */
const MOST_READ = 1_000;

/** Entries of an index that match. */
export interface ScannedPage<T> {
  readonly items: readonly T[];
  /** Where the following ones begin; null when nothing follows. */
  readonly next: string | null;
  /** Entries that were looked at. */
  readonly read: number;
}

/**
 * Reads an index of the store, newest first, until enough entries match or {@link MOST_READ} were read: then `next` goes
 * on, even where the page is not full.
 *
 * @param limit how many are read together; a page has up to twice as many, as the cursor stands behind whole reads.
 * @param pick what an entry is; null where it does not match.
 */
export async function scanIndex<T>(
  store: MaestranoStore,
  index: string,
  { before, limit }: { readonly before: string | null; readonly limit: number },
  pick: (entry: StoreEntry) => T | null,
): Promise<ScannedPage<T>> {
  const items: T[] = [];
  let read = 0;
  for (let from = before; ;) {
    const { entries, next } = await store.page(index, from === null ? { limit } : { before: from, limit });
    read += entries.length;
    for (const entry of entries) {
      const item = pick(entry);
      if (item !== null) items.push(item);
    }
    if (next === null || items.length >= limit || read >= MOST_READ) return { items, next, read };
    from = next;
  }
}

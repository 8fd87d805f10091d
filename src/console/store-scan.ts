import type { MaestranoStore, StoreEntry } from '../stores/maestrano-store.js';

/**
 * Most entries that are read for one page, whatever matches, and milliseconds after which no more are: a page over a million
 * rows costs no more.
 */
const [MOST_READ, MOST_MS] = [1_000, 100];

/** Entries of an index that match. */
export interface ScannedPage<T> {
  readonly items: readonly T[];
  /** Where the following ones begin; null when nothing follows. */
  readonly next: string | null;
  /** Entries that were looked at. */
  readonly read: number;
}

/**
 * Reads an index of the store, newest first, until enough entries match, {@link MOST_READ} were read or {@link MOST_MS} are
 * over: then `next` goes on, even where the page is not full.
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
  const until = performance.now() + MOST_MS;
  for (let from = before; ;) {
    const { entries, next } = await store.page(index, from === null ? { limit } : { before: from, limit });
    read += entries.length;
    for (const entry of entries) {
      const item = pick(entry);
      if (item !== null) items.push(item);
    }
    const isEnough = items.length >= limit || read >= MOST_READ || performance.now() >= until;
    if (next === null || isEnough) return { items, next, read };
    from = next;
  }
}

/** A write with texts as they are stored and times as they are computed: see `StoreWrite`. */
export interface EntryWrite {
  readonly key: string;
  /** `any`: whatever is there; `none`: nothing; `same`: exactly `expected`. */
  readonly expects: 'any' | 'none' | 'same';
  readonly expected: string | null;
  /** null removes. */
  readonly value: string | null;
  /** Milliseconds from now, a positive integer. */
  readonly ttl: number;
  readonly index: string | null;
  readonly at: number | null;
}

/** Where a page begins: below this time, or at this time below this key. */
export interface EntryPlace {
  readonly at: number;
  readonly key: string;
}

/** An entry of a page. */
export interface IndexedEntry extends EntryPlace {
  readonly value: string;
}

/** The table of entries on one kind of database. Entries whose time is over are never seen. */
export interface EntryTable {
  read(key: string): Promise<string | null>;
  /** Values by key. */
  readMany(keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Keys of the writes that happened; each key occurs once. */
  write(writes: readonly EntryWrite[]): Promise<ReadonlySet<string>>;
  take(key: string): Promise<string | null>;
  page(index: string, below: EntryPlace | null, limit: number): Promise<readonly IndexedEntry[]>;
  /** Removes some entries whose time is over; says how many. */
  sweep(limit: number): Promise<number>;
}

/** Columns of {@link EntryWrite} as they travel in JSON. */
export const WRITE_COLUMNS = {
  k: 'key',
  v: 'text',
  ttl: 'integer',
  expected: 'text',
  idx: 'key',
  placed: 'integer',
} as const;

/** The parameter for `jsonRows` with {@link WRITE_COLUMNS}: sorted, so that two lists never lock crosswise. */
export function writeRows(writes: readonly EntryWrite[]): string {
  return JSON.stringify(
    writes.toSorted(byKey).map(({ key, value, ttl, expected, index, at, expects }) => ({
      k: key,
      v: value,
      ttl,
      expected,
      idx: index,
      placed: at,
      expects,
    })),
  );
}

/** By bytes of UTF-8, as all three databases do; not by UTF-16 units. */
function byKey(one: EntryWrite, other: EntryWrite): number {
  return Buffer.compare(Buffer.from(one.key), Buffer.from(other.key));
}

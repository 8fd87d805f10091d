import { placeOf, readPlace } from './index-place.js';
import {
  MaestranoStore,
  type StoreCall,
  type StoreEntry,
  type StorePage,
  type StoreWrite,
} from './maestrano-store.js';

interface Entry {
  readonly value: string;
  readonly expiresAt: number;
  readonly index: { readonly name: string; readonly place: string } | null;
}

const FORGETS =
  'State is kept in memory: a restart forgets logins under way, handled notifications and which charges of ' +
  'createOnce were made, and other instances do not see it. Set the "store" option, such as a RedisStore.';

/** One namespace; entries are in the order in which they were last written. */
interface Namespace {
  readonly entries: Map<string, Entry>;
  /** Goes on from the oldest entry while the namespace is full: a new one would look at every removed place first. */
  oldest: IterableIterator<[string, Entry]> | null;
  /** Writes since it went on: while it rests, it holds on to all that the map was meanwhile. */
  rested: number;
  /** The oldest entries, as the iterator brought them; some may have been written anew or removed since. */
  front: [string, Entry][];
}

/** Entries that are looked at to make room: every write pays for a little sweeping instead of one paying for all of it. */
const SWEPT = 16;
/** Writes after which an iterator that is not needed is let go. */
const LONGEST_REST = 1_000;

/** How much a {@link MemoryStore} keeps. */
export interface MemoryStoreOptions {
  /** Entries of one namespace, the part of a key before its first colon; 50,000 by default. */
  readonly maxEntriesPerNamespace?: number;
}

/**
 * Keeps everything in this process: right for one instance and for tests. Each namespace is bounded on its own, so
 * a flood of begun logins cannot push out replay claims; when one is full, the entry that was written first goes.
 */
export class MemoryStore extends MaestranoStore {
  readonly #namespaces = new Map<string, Namespace>();
  /** Places of entries, by the name of their index. */
  readonly #indexes = new Map<string, Set<string>>();
  readonly #maxEntries: number;

  constructor(options: MemoryStoreOptions = {}) {
    super();
    this.#maxEntries = options.maxEntriesPerNamespace ?? 50_000;
  }

  override async getMany(keys: readonly string[], call?: StoreCall): Promise<(string | null)[]> {
    this.checkKeys(keys);
    const now = Date.now();
    return this.waitFor(call, () =>
      Promise.resolve(keys.map((key) => this.#read(this.#namespace(key).entries, key, now)?.value ?? null)),
    );
  }

  override async writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
    this.checkWrites(writes);
    const now = Date.now();
    return this.waitFor(call, () => Promise.resolve(writes.map((write) => this.#apply(write, now))));
  }

  override async take(key: string, call?: StoreCall): Promise<string | null> {
    this.checkKeys([key]);
    return this.waitFor(call, () => {
      const { entries } = this.#namespace(key);
      const entry = this.#read(entries, key, Date.now());
      if (entry) this.#remove(entries, key, entry);
      return Promise.resolve(entry?.value ?? null);
    });
  }

  override async page(
    index: string,
    { before, limit }: { readonly before?: string; readonly limit: number },
    call?: StoreCall,
  ): Promise<StorePage> {
    this.checkPage(index, limit);
    return this.waitFor(call, () => Promise.resolve(this.#page(index, before, limit)));
  }

  override ping(call?: StoreCall): Promise<void> {
    return this.waitFor(call, () => Promise.resolve());
  }

  /** Right on a developer's machine and for tests. */
  override async warnings(call?: StoreCall): Promise<readonly string[]> {
    return process.env['NODE_ENV'] === 'production' ? [FORGETS] : super.warnings(call);
  }

  #page(index: string, before: string | undefined, limit: number): StorePage {
    const places = [...(this.#indexes.get(index) ?? [])]
      .filter((place) => before === undefined || place < before)
      .sort()
      .reverse();
    const entries: StoreEntry[] = [];
    let last: string | null = null;
    for (const place of places) {
      const { at, key } = readPlace(place);
      const entry = this.#read(this.#namespace(key).entries, key, Date.now());
      if (!entry) continue;
      if (entries.length === limit) return { entries, next: last };
      entries.push({ key, value: entry.value, at });
      last = place;
    }
    return { entries, next: null };
  }

  #apply({ key, expected, value, ttlMs, index }: StoreWrite, now: number): boolean {
    const namespace = this.#namespace(key);
    const { entries } = namespace;
    const present = this.#read(entries, key, now);
    if (expected !== undefined && (present?.value ?? null) !== expected) return false;
    if (present) this.#remove(entries, key, present);
    if (value === null) return present !== null;
    this.#makeRoom(namespace, now);
    const expiresAt = now + Math.max(1, ttlMs ?? 0);
    if (!index) {
      entries.set(key, { value, expiresAt, index: null });
      return true;
    }
    const place = placeOf(index.at, key);
    entries.set(key, { value, expiresAt, index: { name: index.name, place } });
    this.#placesOf(index.name).add(place);
    return true;
  }

  #read(entries: Map<string, Entry>, key: string, now: number): Entry | null {
    const entry = entries.get(key);
    if (!entry) return null;
    if (entry.expiresAt > now) return entry;
    this.#remove(entries, key, entry);
    return null;
  }

  #remove(entries: Map<string, Entry>, key: string, { index }: Entry): void {
    entries.delete(key);
    if (!index) return;
    const places = this.#placesOf(index.name);
    places.delete(index.place);
    if (places.size === 0) this.#indexes.delete(index.name);
  }

  #namespace(key: string): Namespace {
    const colon = key.indexOf(':');
    const name = colon < 0 ? '' : key.slice(0, colon);
    let namespace = this.#namespaces.get(name);
    if (!namespace) {
      this.#namespaces.set(name, (namespace = { entries: new Map(), oldest: null, rested: 0, front: [] }));
    }
    return namespace;
  }

  #placesOf(index: string): Set<string> {
    let places = this.#indexes.get(index);
    if (!places) this.#indexes.set(index, (places = new Set()));
    return places;
  }

  #makeRoom(namespace: Namespace, now: number): void {
    const { entries } = namespace;
    if (entries.size < this.#maxEntries) {
      if ((namespace.rested += 1) > LONGEST_REST) namespace.oldest = null;
      return;
    }
    namespace.rested = 0;
    const isThere = ([key, entry]: [string, Entry]): boolean => entries.get(key) === entry;
    const front = namespace.oldest ? namespace.front.filter(isThere) : [];
    const oldest = (namespace.oldest ??= entries.entries());
    while (front.length < SWEPT) {
      const next = oldest.next();
      if (next.done) {
        // It does not go on, whatever is written later.
        namespace.oldest = null;
        break;
      }
      front.push(next.value);
    }
    for (const [key, entry] of front) if (entry.expiresAt <= now) this.#remove(entries, key, entry);
    namespace.front = front.filter(isThere);
    if (entries.size < this.#maxEntries) return;
    const [first] = namespace.front;
    if (first) this.#remove(entries, ...first);
  }
}

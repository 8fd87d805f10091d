import { MaestranoStore } from './maestrano-store.js';

interface Entry<T> {
  readonly value: T;
  readonly expiresAt: number;
}

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
  readonly #values = new Map<string, Map<string, Entry<string>>>();
  readonly #lists = new Map<string, Map<string, Entry<readonly string[]>>>();
  readonly #maxEntries: number;

  constructor(options: MemoryStoreOptions = {}) {
    super();
    this.#maxEntries = options.maxEntriesPerNamespace ?? 50_000;
  }

  override get(key: string): Promise<string | null> | string | null {
    return this.#read(this.#values, key);
  }

  override set(key: string, value: string, ttlMs: number): Promise<void> {
    this.#write(this.#values, key, value, ttlMs);
    return Promise.resolve();
  }

  override setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    if (this.#read(this.#values, key) !== null) return Promise.resolve(false);
    this.#write(this.#values, key, value, ttlMs);
    return Promise.resolve(true);
  }

  override replace(key: string, expected: string, value: string, ttlMs: number): Promise<boolean> {
    if (this.#read(this.#values, key) !== expected) return Promise.resolve(false);
    this.#write(this.#values, key, value, ttlMs);
    return Promise.resolve(true);
  }

  override take(key: string): Promise<string | null> {
    const value = this.#read(this.#values, key);
    if (value !== null) this.#namespace(this.#values, key).delete(key);
    return Promise.resolve(value);
  }

  override delete(key: string, expected?: string): Promise<boolean> {
    const value = this.#read(this.#values, key);
    const list = this.#read(this.#lists, key);
    if (value === null && list === null) return Promise.resolve(false);
    if (expected !== undefined && value !== expected) return Promise.resolve(false);
    this.#namespace(this.#values, key).delete(key);
    this.#namespace(this.#lists, key).delete(key);
    return Promise.resolve(true);
  }

  override append(key: string, value: string, limit: number, ttlMs: number): Promise<void> {
    const present = this.#read(this.#lists, key) ?? [];
    this.#write(this.#lists, key, [value, ...present].slice(0, limit), ttlMs);
    return Promise.resolve();
  }

  override list(key: string): Promise<string[]> {
    return Promise.resolve([...(this.#read(this.#lists, key) ?? [])]);
  }

  override ping(): Promise<void> {
    return Promise.resolve();
  }

  #namespace<T>(all: Map<string, Map<string, Entry<T>>>, key: string): Map<string, Entry<T>> {
    const colon = key.indexOf(':');
    const name = colon < 0 ? key : key.slice(0, colon);
    let entries = all.get(name);
    if (!entries) all.set(name, (entries = new Map()));
    return entries;
  }

  #read<T>(all: Map<string, Map<string, Entry<T>>>, key: string): T | null {
    const entries = this.#namespace(all, key);
    const entry = entries.get(key);
    if (!entry) return null;
    if (entry.expiresAt > Date.now()) return entry.value;
    entries.delete(key);
    return null;
  }

  #write<T>(all: Map<string, Map<string, Entry<T>>>, key: string, value: T, ttlMs: number): void {
    const entries = this.#namespace(all, key);
    // Re-inserting moves the key to the end: the first key is always the one written longest ago.
    entries.delete(key);
    if (entries.size >= this.#maxEntries) this.#makeRoom(entries);
    entries.set(key, { value, expiresAt: Date.now() + ttlMs });
  }

  #makeRoom<T>(entries: Map<string, Entry<T>>): void {
    const now = Date.now();
    // A few at a time: every write pays for a little sweeping instead of one paying for all of it.
    let looked = 0;
    for (const [key, entry] of entries) {
      if (entry.expiresAt <= now) entries.delete(key);
      if ((looked += 1) >= 16) break;
    }
    if (entries.size < this.#maxEntries) return;
    const oldest = entries.keys().next();
    if (!oldest.done) entries.delete(oldest.value);
  }
}

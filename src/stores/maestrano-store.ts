import { MaestranoStoreError } from '../errors/store.error.js';
import { MAX_KEY_BYTES } from './store-key.js';

/** Most keys, writes or entries of one call. */
export const MAX_BATCH = 1_000;

/** One write of {@link MaestranoStore.writeMany}. */
export interface StoreWrite {
  readonly key: string;
  /**
   * What has to be there for the write to happen: null = nothing (or something whose time is over), a text = exactly
   * that, left out = whatever is there.
   */
  readonly expected?: string | null;
  /** null removes. */
  readonly value: string | null;
  /** Milliseconds; null = until it is removed, which only a store that is `durable` takes. No matter for a removal. */
  readonly ttlMs: number | null;
  /**
   * Makes the entry findable by {@link MaestranoStore.page}: the name of an index, which obeys the rules of a key, and
   * a time in milliseconds of the epoch. Each write says it anew: one without takes the entry out.
   */
  readonly index?: { readonly name: string; readonly at: number };
}

/** What every call of a {@link MaestranoStore} takes beside its arguments. */
export interface StoreCall {
  /** Ends the wait with a `MaestranoStoreError` (`store.aborted`): the deadline of the call. */
  readonly signal?: AbortSignal;
}

/** An entry as {@link MaestranoStore.page} finds it. */
export interface StoreEntry {
  readonly key: string;
  readonly value: string;
  /** The time in the index, in milliseconds of the epoch. */
  readonly at: number;
}

/** Part of an index. */
export interface StorePage {
  /** Newest first. */
  readonly entries: readonly StoreEntry[];
  /** The `before` of the following page; null when nothing follows. */
  readonly next: string | null;
}

/**
 * Where everything that outlives a request is kept: login requests, replay claims, login traces, deliveries, charges.
 * Five methods, most of which take lists, so that 200 records of a notification cost a few round trips on any store.
 * Extend it for a store of your own and run `storeContract` of `nestjs-maestrano/testing` on it. The rules:
 *
 * - **Keys** are 1 to 512 bytes of UTF-8 without U+0000 and lone surrogates, and are compared byte by byte: case,
 *   accents and trailing blanks count. Ours begin with a namespace and a colon; those of one company share a hash tag,
 *   `delivery:{acme/cld-1}:…` (docs/operations.md), which is for Redis Cluster and means nothing elsewhere.
 * - **Values** are any text and come back exactly, U+0000 and lone surrogates included.
 * - **Lists** have at most 1,000 elements; in one call of `writeMany` a key occurs once. An empty list is fine.
 * - **Writes** are atomic each, not together, and in no order: one that does not find what it expects leaves the others
 *   alone. Of any number of callers that expect the same, one writes; of any number that `take`, one gets the value.
 * - **Time to live** counts in milliseconds by the store's own clock, from the write on. Fractions are rounded, and
 *   less than one is one. What is over was never there. A write that did not happen prolongs nothing.
 * - **No time to live** only where the store is {@link MaestranoStore.durable}; else `store.notDurable`.
 * - **Pages** show entries by the index that their last write named, newest first, by key at the same time; entries
 *   that are gone are left out, and while nobody writes the pages show each entry once. A crash within a write may keep
 *   an entry out of pages, never out of the other methods.
 * - **Signals**: a call whose signal is aborted before or meanwhile rejects with `store.aborted` without waiting
 *   further; before, nothing is done; meanwhile, the work may still be.
 * - What breaks a rule is rejected with a {@link MaestranoStoreError} (`store.argument`), and nothing of the call is done.
 *
 * `get`, `set`, `setIfAbsent`, `replace` and `delete` are written here once, on top of the abstract methods.
 */
export abstract class MaestranoStore {
  /** Whether it keeps what it acknowledged and evicts nothing, as SQL does. Entries then may have no time to live. */
  readonly durable: boolean = false;

  /** The values in the order of the keys, null where there is none. One round trip. */
  abstract getMany(keys: readonly string[], call?: StoreCall): Promise<(string | null)[]>;

  /** Says of each write whether it happened; of a removal, whether it removed something. One round trip. */
  abstract writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]>;

  /** Reads and removes in one step; null when there is nothing. */
  abstract take(key: string, call?: StoreCall): Promise<string | null>;

  /**
   * The newest entries of an index, for lists that people look at.
   *
   * @param from.before `next` of the page before; left out for the first.
   * @param from.limit 1 to 1,000.
   */
  abstract page(
    index: string,
    from: { readonly before?: string; readonly limit: number },
    call?: StoreCall,
  ): Promise<StorePage>;

  /** Resolves when the store responds; rejects otherwise. For health checks. */
  abstract ping(call?: StoreCall): Promise<void>;

  /**
   * What an operator should know of how the store is set up, such as a Redis that may evict keys: one sentence each, for
   * the log at start, health checks and the `doctor` command. Nothing by default.
   */
  warnings(_call?: StoreCall): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  /** Rejects where the store cannot be used as it is, with what to do about it. Called when the application starts. */
  async check(): Promise<void> {}

  /** Releases what the store itself opened. Called at application shutdown. */
  async close(): Promise<void> {}

  /** The value, or null when there is none or its time is over. */
  async get(key: string, call?: StoreCall): Promise<string | null> {
    const [value = null] = await this.getMany([key], call);
    return value;
  }

  /** Writes the value whatever is there. */
  async set(key: string, value: string, ttlMs: number | null, call?: StoreCall): Promise<void> {
    await this.writeMany([{ key, value, ttlMs }], call);
  }

  /** Writes only when there is nothing; says whether it wrote. */
  setIfAbsent(key: string, value: string, ttlMs: number | null, call?: StoreCall): Promise<boolean> {
    return this.#write({ key, expected: null, value, ttlMs }, call);
  }

  /** Writes only when the present value is `expected`; says whether it wrote. */
  replace(
    key: string,
    expected: string,
    value: string,
    ttlMs: number | null,
    call?: StoreCall,
  ): Promise<boolean> {
    return this.#write({ key, expected, value, ttlMs }, call);
  }

  /** Removes; with `expected`, only when that is the present value. Says whether something was removed. */
  delete(key: string, expected?: string, call?: StoreCall): Promise<boolean> {
    return this.#write(
      { key, value: null, ttlMs: null, ...(expected === undefined ? {} : { expected }) },
      call,
    );
  }

  /**
   * For implementations: throws for keys that break the rules above.
   *
   * @throws MaestranoStoreError `store.argument`
   */
  protected checkKeys(keys: readonly string[]): void {
    if (keys.length > MAX_BATCH) throw argument(`A call has more than ${MAX_BATCH} keys.`);
    for (const key of keys) checkKey(key);
  }

  /**
   * For implementations: throws for writes that break the rules above.
   *
   * @throws MaestranoStoreError `store.argument`, `store.notDurable`
   */
  protected checkWrites(writes: readonly StoreWrite[]): void {
    if (writes.length > MAX_BATCH) throw argument(`A call has more than ${MAX_BATCH} keys.`);
    const keys = new Set<string>();
    for (const { key, value, ttlMs, index } of writes) {
      checkKey(key);
      keys.add(key);
      if (index) {
        checkKey(index.name);
        if (!Number.isSafeInteger(index.at) || index.at < 0) throw argument('The time in an index is none.');
      }
      if (value === null) continue;
      if (ttlMs === null && !this.durable) {
        throw new MaestranoStoreError('store.notDurable', {
          message: 'This store may forget what it keeps, so an entry needs a time to live.',
          remedy: 'Give it one, or use a durable store, such as one in your SQL database.',
        });
      }
      if (ttlMs !== null && !(ttlMs <= Number.MAX_SAFE_INTEGER && ttlMs >= Number.MIN_SAFE_INTEGER)) {
        throw argument('A time to live is no number of milliseconds.');
      }
    }
    if (keys.size < writes.length) throw argument('A call writes one key twice.');
  }

  /**
   * For implementations: throws for what is no page.
   *
   * @throws MaestranoStoreError `store.argument`
   */
  protected checkPage(index: string, limit: number): void {
    checkKey(index);
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_BATCH) {
      throw argument(`The limit of a page is not between 1 and ${MAX_BATCH}.`);
    }
  }

  /**
   * For implementations: does the work unless the signal of the call is aborted, and waits for it no longer than that.
   *
   * @throws MaestranoStoreError `store.aborted`
   */
  protected waitFor<T>(call: StoreCall | undefined, work: () => Promise<T>): Promise<T> {
    const signal = call?.signal;
    if (!signal) return work();
    if (signal.aborted) return Promise.reject(aborted(signal));
    return new Promise<T>((resolve, reject) => {
      const stop = (): void => reject(aborted(signal));
      signal.addEventListener('abort', stop, { once: true });
      void work()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', stop));
    });
  }

  async #write(write: StoreWrite, call: StoreCall | undefined): Promise<boolean> {
    const [wrote = false] = await this.writeMany([write], call);
    return wrote;
  }
}

/** Finds what is not plain text: all keys of ours are, and need no second look. */
const NOT_PLAIN = /[^ -~]/;

function checkKey(key: string): void {
  if (key !== '' && key.length <= MAX_KEY_BYTES && !NOT_PLAIN.test(key)) return;
  if (key === '' || Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw argument(`A key does not have 1 to ${MAX_KEY_BYTES} bytes.`);
  }
  if (/[\0\p{Surrogate}]/u.test(key)) throw argument('A key holds U+0000 or half a character.');
}

function argument(message: string): MaestranoStoreError {
  return new MaestranoStoreError('store.argument', {
    message,
    remedy: 'Make keys with storeKey(), and larger lists of several calls.',
  });
}

function aborted({ reason }: AbortSignal): MaestranoStoreError {
  return new MaestranoStoreError('store.aborted', {
    message: 'The store was not waited for any longer.',
    remedy: 'What was begun may still be carried out: read before you write again.',
    cause: reason,
  });
}

import {
  MaestranoStore,
  type StoreCall,
  type StorePage,
  type StoreWrite,
} from '../../../src/stores/maestrano-store.js';

/** What a {@link CrashingStore} throws in place of working. */
export class StoreCrash extends Error {}

/**
 * A store that now and then fails right before or right after the work of a call, as a process that dies there
 * would leave it. Locks are spared: they end by themselves, which a test does not wait for.
 */
export class CrashingStore extends MaestranoStore {
  /** From 0 to 1. */
  probability = 0;

  constructor(private readonly inner: MaestranoStore) {
    super();
  }

  override getMany(keys: readonly string[], call?: StoreCall): Promise<(string | null)[]> {
    return this.#risk(keys, () => this.inner.getMany(keys, call));
  }
  override writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
    return this.#risk(
      writes.map(({ key }) => key),
      () => this.inner.writeMany(writes, call),
    );
  }
  override take(key: string, call?: StoreCall): Promise<string | null> {
    return this.#risk([key], () => this.inner.take(key, call));
  }
  override page(
    index: string,
    from: { readonly before?: string; readonly limit: number },
    call?: StoreCall,
  ): Promise<StorePage> {
    return this.#risk([index], () => this.inner.page(index, from, call));
  }
  override ping(): Promise<void> {
    return this.inner.ping();
  }

  async #risk<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    if (keys.every((key) => key.startsWith('ledger-lock'))) return work();
    if (Math.random() < this.probability / 2) throw new StoreCrash('before');
    const result = await work();
    if (Math.random() < this.probability / 2) throw new StoreCrash('after');
    return result;
  }
}

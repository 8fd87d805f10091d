import { MaestranoStore } from '../../../src/stores/maestrano-store.js';

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

  override get(key: string): Promise<string | null> {
    return this.#risk(key, async () => this.inner.get(key));
  }
  override set(key: string, value: string, ttlMs: number): Promise<void> {
    return this.#risk(key, () => this.inner.set(key, value, ttlMs));
  }
  override setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    return this.#risk(key, () => this.inner.setIfAbsent(key, value, ttlMs));
  }
  override replace(key: string, expected: string, value: string, ttlMs: number): Promise<boolean> {
    return this.#risk(key, () => this.inner.replace(key, expected, value, ttlMs));
  }
  override take(key: string): Promise<string | null> {
    return this.#risk(key, () => this.inner.take(key));
  }
  override delete(key: string, expected?: string): Promise<boolean> {
    return this.#risk(key, () => this.inner.delete(key, expected));
  }
  override append(key: string, value: string, limit: number, ttlMs: number): Promise<void> {
    return this.#risk(key, () => this.inner.append(key, value, limit, ttlMs));
  }
  override list(key: string): Promise<string[]> {
    return this.#risk(key, () => this.inner.list(key));
  }
  override ping(): Promise<void> {
    return this.inner.ping();
  }

  async #risk<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (key.startsWith('ledger-lock')) return work();
    if (Math.random() < this.probability / 2) throw new StoreCrash('before');
    const result = await work();
    if (Math.random() < this.probability / 2) throw new StoreCrash('after');
    return result;
  }
}

import {
  MaestranoStore,
  type StoreCall,
  type StorePage,
  type StoreWrite,
} from '../../../src/stores/maestrano-store.js';

/** What a {@link StallingStore} is about to do. */
export interface StoreStep {
  /** Namespace of the first key, such as `ledger-key`. */
  readonly namespace: string;
  readonly verb: 'read' | 'write';
  /** From 1. */
  readonly number: number;
}

/** Before or after the work, as a network that is slow on the way there or on the way back. */
export interface Stall {
  readonly beforeMs?: number;
  readonly afterMs?: number;
  /** Fails after that, with the work done or not. */
  readonly fails?: 'before' | 'after';
}

/** A store that takes its time, or fails, as a test says; with locks that end early, if it says so too. */
export class StallingStore extends MaestranoStore {
  stall: (step: StoreStep) => Stall = () => ({});
  /** Longest time of a lock in milliseconds, as if the store's own clock had jumped. */
  longestLockMs = Number.POSITIVE_INFINITY;
  steps = 0;

  constructor(private readonly inner: MaestranoStore) {
    super();
  }

  override getMany(keys: readonly string[], call?: StoreCall): Promise<(string | null)[]> {
    return this.#slowly(keys, 'read', () => this.inner.getMany(keys, call));
  }
  override writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
    const shortened = writes.map((write) =>
      write.key.startsWith('ledger-lock') && write.ttlMs !== null
        ? { ...write, ttlMs: Math.min(write.ttlMs, this.longestLockMs) }
        : write,
    );
    const keys = writes.map(({ key }) => key);
    return this.#slowly(keys, 'write', () => this.inner.writeMany(shortened, call));
  }
  override take(key: string, call?: StoreCall): Promise<string | null> {
    return this.#slowly([key], 'write', () => this.inner.take(key, call));
  }
  override page(
    index: string,
    from: { readonly before?: string; readonly limit: number },
    call?: StoreCall,
  ): Promise<StorePage> {
    return this.inner.page(index, from, call);
  }
  override ping(): Promise<void> {
    return this.inner.ping();
  }

  async #slowly<T>(keys: readonly string[], verb: StoreStep['verb'], work: () => Promise<T>): Promise<T> {
    const namespace = keys[0]?.split(':')[0] ?? '';
    const { beforeMs, afterMs, fails } = this.stall({ namespace, verb, number: (this.steps += 1) });
    await pause(beforeMs);
    if (fails === 'before') throw new Error("OOM command not allowed when used memory > 'maxmemory'.");
    const result = await work();
    await pause(afterMs);
    if (fails === 'after') throw new Error('Reached the max retries per request limit.');
    return result;
  }
}

async function pause(ms: number | undefined): Promise<void> {
  if (ms) await new Promise((resolve) => setTimeout(resolve, ms));
}

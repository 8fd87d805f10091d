import {
  MaestranoStore,
  type StoreCall,
  type StorePage,
  type StoreWrite,
} from '../../src/stores/maestrano-store.js';
import type { Turns } from './search.js';
import { clock } from './virtual-clock.js';

/** What lies in a store, as far as it was written through {@link SteppedStore}. */
export class StoredContents {
  readonly #entries = new Map<string, { readonly value: string; readonly until: number }>();

  note(key: string, value: string | null, ttlMs: number | null): void {
    if (value === null) this.#entries.delete(key);
    else this.#entries.set(key, { value, until: ttlMs === null ? Infinity : clock.now + ttlMs });
  }

  toJSON(): unknown {
    const alive = [...this.#entries].filter(([, { until }]) => until > clock.now);
    return alive.map(([key, { value, until }]) => `${key} ${value} ${until}`).toSorted();
  }
}

/** A store whose every call is a turn of a process. */
export class SteppedStore extends MaestranoStore {
  override readonly durable: boolean;

  constructor(
    private readonly base: MaestranoStore,
    private readonly turns: Turns,
    private readonly contents: StoredContents,
  ) {
    super();
    this.durable = base.durable;
  }

  override async getMany(keys: readonly string[], call?: StoreCall): Promise<(string | null)[]> {
    await this.turns.step();
    return this.#learnt(await this.base.getMany(keys, call));
  }

  override async writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
    await this.turns.step();
    const written = await this.base.writeMany(writes, call);
    for (const [index, { key, value, ttlMs }] of writes.entries())
      if (written[index]) this.contents.note(key, value, ttlMs ?? null);
    return this.#learnt(written);
  }

  override async take(key: string, call?: StoreCall): Promise<string | null> {
    await this.turns.step();
    const value = await this.base.take(key, call);
    this.contents.note(key, null, null);
    return this.#learnt(value);
  }

  override async page(
    index: string,
    from: { readonly before?: string; readonly limit: number },
    call?: StoreCall,
  ): Promise<StorePage> {
    await this.turns.step();
    return this.#learnt(await this.base.page(index, from, call));
  }

  override ping(call?: StoreCall): Promise<void> {
    return this.base.ping(call);
  }

  #learnt<T>(what: T): T {
    this.turns.learn(what);
    return what;
  }
}

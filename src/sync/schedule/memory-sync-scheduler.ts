import type { GroupReference } from '../../adapters/maestrano-group.adapter.js';
import { SyncScheduler, type SyncSlice } from '../../stores/sync-scheduler.js';
import { settledWithin } from '../../utils/settled-within.js';

/** Groups that may wait for a slice; more wait in the store. */
const MAX_WAITING = 10_000;

/** Slices of this process, without a queue: other processes have their own, and the lease of a group keeps them apart. */
export class MemorySyncScheduler extends SyncScheduler {
  readonly #waiting = new Map<string, GroupReference>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
  #slice: SyncSlice | null = null;
  #concurrency = 0;

  override async enqueue(group: GroupReference): Promise<void> {
    const key = keyOf(group);
    if (this.#stopping.signal.aborted || (this.#waiting.size >= MAX_WAITING && !this.#waiting.has(key)))
      return;
    this.#waiting.set(key, group);
    this.#next();
  }

  override work(slice: SyncSlice, concurrency: number): void {
    this.#slice = slice;
    this.#concurrency = concurrency;
    this.#next();
  }

  override async cancel(group: GroupReference): Promise<void> {
    this.#waiting.delete(keyOf(group));
  }

  override async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  override async stop(withinMs: number): Promise<void> {
    this.#stopping.abort(new Error('The application is stopping.'));
    this.#waiting.clear();
    await settledWithin(withinMs, this.idle());
  }

  #next(): void {
    const slice = this.#slice;
    if (slice === null) return;
    for (const [key, group] of this.#waiting) {
      if (this.#running.size >= this.#concurrency) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.set(key, this.#one(slice, key, group));
    }
  }

  async #one(slice: SyncSlice, key: string, group: GroupReference): Promise<void> {
    const more = await slice(group, this.#stopping.signal);
    this.#running.delete(key);
    // Behind all others: a company with a million records delays them by one slice.
    if (more) await this.enqueue(group);
    // Also where there was no place left for it: the others go on, and the store knows it.
    this.#next();
  }
}

function keyOf({ marketplace, groupUid }: GroupReference): string {
  return JSON.stringify([marketplace, groupUid]);
}

import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { SyncSide } from '../store/sync-link.js';
import type { SyncCommit, SyncLease, SyncStore, SyncStream } from '../store/sync-store.js';
import type { Pace } from './pace.js';

/**
 * Holds the lease of a run. Before each request the lease must last for another deadline at least, or it is renewed. A process
 * that stood still for longer than its lease sends nothing any more, even where nobody took the lease over: what it was about
 * to write was decided on what it read before.
 */
export class HeldLease {
  #lease: SyncLease;
  readonly #streams = new Map<string, SyncStream>();
  /** Its end by the clock that nobody sets: where the other one is set back, a lease that is over would seem to last. */
  #until: number;

  constructor(
    private readonly store: SyncStore,
    lease: SyncLease,
    private readonly settings: { readonly leaseMs: number; readonly timeoutMs: number },
    private readonly signal?: AbortSignal,
    private readonly pace?: Pace,
  ) {
    this.#lease = lease;
    this.#until = performance.now() + (lease.until - Date.now());
  }

  get lease(): SyncLease {
    return this.#lease;
  }

  /**
   * Call it right before anything is sent. Waits where the side may not be called yet, and keeps the lease meanwhile.
   *
   * @param side which is called; none where only the store is
   * @throws MaestranoSyncError `sync.leaseLost`; the signal's reason when the run was ended
   */
  async check(side?: SyncSide): Promise<void> {
    await this.#keep();
    let wait = side === undefined ? 0 : (this.pace?.reserve(side) ?? 0);
    while (wait > 0) {
      const some = Math.min(wait, this.settings.leaseMs / 2);
      await pause(some, undefined, this.signal ? { signal: this.signal } : {}).catch(() => undefined);
      await this.#keep();
      wait -= some;
    }
  }

  /** The state of an entity as it is kept: read once, since only who holds the lease changes it. */
  async stream(entity: string): Promise<SyncStream> {
    const known = this.#streams.get(entity) ?? (await this.store.stream(this.#lease.scope, entity));
    this.#streams.set(entity, known);
    return known;
  }

  /** Keeps what changed; nothing is written where that is nothing. */
  async commit({ entity, stream, ...rows }: SyncCommit): Promise<void> {
    const isNew = stream !== undefined && !isDeepStrictEqual(stream, this.#streams.get(entity));
    const isEmpty = Object.values(rows).every((some) => Array.isArray(some) && some.length === 0);
    if (isEmpty && !isNew) return;
    await this.store.commit(this.#lease, { entity, ...rows, ...(isNew ? { stream } : {}) });
    if (isNew) this.#streams.set(entity, stream);
  }

  async #keep(): Promise<void> {
    this.signal?.throwIfAborted();
    // The monotonic clock stands still while the machine is suspended, and the other one tells.
    const left = Math.min(this.#lease.until - Date.now(), this.#until - performance.now());
    if (left > this.settings.timeoutMs) return;
    if (left <= 0) throw new MaestranoSyncError('sync.leaseLost');
    const ttlMs = this.settings.leaseMs + this.settings.timeoutMs;
    const until = performance.now() + ttlMs;
    const renewed = await this.store.renew(this.#lease, ttlMs);
    if (renewed === null) throw new MaestranoSyncError('sync.leaseLost');
    this.#lease = renewed;
    this.#until = until;
  }
}

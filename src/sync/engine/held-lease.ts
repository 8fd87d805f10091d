import { setTimeout as pause } from 'node:timers/promises';

import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { SyncSide } from '../store/sync-link.js';
import type { SyncCommit, SyncLease, SyncStore } from '../store/sync-store.js';
import type { Pace } from './pace.js';

/**
 * Holds the lease of a run. Before each request the lease must last for another deadline at least, or it is renewed. A process
 * that stood still for longer than its lease sends nothing any more, even where nobody took the lease over: what it was about
 * to write was decided on what it read before.
 */
export class HeldLease {
  #lease: SyncLease;
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

  async commit(changes: SyncCommit): Promise<void> {
    await this.store.commit(this.#lease, changes);
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

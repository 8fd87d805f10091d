import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { SyncCommit, SyncLease, SyncStore } from '../store/sync-store.js';

/**
 * Holds the lease of a run. Before each request the lease must last for another deadline at least, or it is renewed: a
 * process that stood still for longer than its lease sends nothing any more.
 */
export class HeldLease {
  #lease: SyncLease;

  constructor(
    private readonly store: SyncStore,
    lease: SyncLease,
    private readonly settings: { readonly leaseMs: number; readonly timeoutMs: number },
    private readonly signal?: AbortSignal,
  ) {
    this.#lease = lease;
  }

  get lease(): SyncLease {
    return this.#lease;
  }

  /**
   * Call it right before anything is sent.
   *
   * @throws MaestranoSyncError `sync.leaseLost`; the signal's reason when the run was ended
   */
  async check(): Promise<void> {
    this.signal?.throwIfAborted();
    if (this.#lease.until - Date.now() > this.settings.timeoutMs) return;
    const renewed = await this.store.renew(this.#lease, this.settings.leaseMs + this.settings.timeoutMs);
    if (renewed === null) throw new MaestranoSyncError('sync.leaseLost');
    this.#lease = renewed;
  }

  async commit(changes: SyncCommit): Promise<void> {
    await this.store.commit(this.#lease, changes);
  }
}

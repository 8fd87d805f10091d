import { randomUUID } from 'node:crypto';

import { MaestranoSyncError } from '../errors/sync.error.js';
import type { SyncTaken } from './store/sync-request.js';
import type { SyncLease, SyncRunState, SyncScope, SyncStore } from './store/sync-store.js';

/**
 * How runs of a group are noted, for all instances: who finds somebody else at it asks for one run more, so that a start is
 * never lost and twenty of them make two runs at most. What is said of a run carries the number of its lease, as everything
 * that a run writes: one whose group is somebody else's by now notes nothing. Times are those of the clock that all share: other
 * instances go by them.
 */
export class RunStates {
  constructor(private readonly store: SyncStore) {}

  /** Notes that a run begins, and which request it takes up. @throws MaestranoSyncError `sync.leaseLost` */
  async begin(lease: SyncLease, taken: SyncTaken | null): Promise<SyncRunState> {
    const run: SyncRunState = {
      id: randomUUID(),
      status: 'RUNNING',
      message: '',
      startedAt: await this.store.now(),
      endedAt: null,
    };
    const noted = { run, again: false, pausedUntil: null, ...(taken === null ? {} : { taken }) };
    await this.store.setGroup(lease.scope, noted, lease);
    return run;
  }

  /**
   * Notes how a run ended, and what of its request is left. Resolves with whether somebody asked for one more meanwhile.
   * `pausedUntil` is by the clock of this process.
   *
   * @throws MaestranoSyncError `sync.leaseLost`
   */
  async end(
    lease: SyncLease,
    run: SyncRunState,
    {
      taken = null,
      pausedUntil = null,
    }: { readonly taken?: SyncTaken | null; readonly pausedUntil?: number | null } = {},
  ): Promise<boolean> {
    const now = await this.store.now();
    const ended = { ...run, endedAt: now };
    const until = pausedUntil === null ? null : pausedUntil + (now - Date.now());
    const noted = { run: ended, pausedUntil: until, ...(taken === null ? {} : { taken }) };
    const { again } = await this.store.setGroup(lease.scope, noted, lease);
    if (again) await this.store.setGroup(lease.scope, { again: false }, lease);
    return again;
  }

  /** Notes that a run goes on later, or elsewhere; unless the group is somebody else's by now, or nobody's. */
  async handOn(lease: SyncLease, run: SyncRunState): Promise<void> {
    const message = 'The run goes on in another process.';
    try {
      const ended: SyncRunState = { ...run, status: 'ENQUEUED', message, endedAt: await this.store.now() };
      await this.store.setGroup(lease.scope, { run: ended }, lease);
    } catch (error) {
      if (!isLeaseLost(error)) throw error;
    }
  }

  /**
   * Asks whoever has the lease for one run more. False when that is no run, or is over by now: then nobody would do it, and
   * whoever asks has to try again.
   */
  async ask(scope: SyncScope): Promise<boolean> {
    const { run } = await this.store.setGroup(scope, { again: true });
    return run?.status === 'RUNNING';
  }
}

/** Whether the group is somebody else's by now, or nobody's. */
export function isLeaseLost(error: unknown): boolean {
  return error instanceof MaestranoSyncError && error.code === 'sync.leaseLost';
}

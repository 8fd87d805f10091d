import { randomUUID } from 'node:crypto';

import type { SyncTaken } from './store/sync-request.js';
import type { SyncGroupState, SyncRunState, SyncScope, SyncStore } from './store/sync-store.js';

/**
 * How runs of a group are noted, for all instances: who finds somebody else at it asks for one run more, so that a start is
 * never lost and twenty of them make two runs at most. The lease decides who runs; this only says what came of it.
 */
export class RunStates {
  constructor(private readonly store: SyncStore) {}

  /** Notes that a run begins, unless that of another instance is noted already, and which request it takes up. */
  async begin(
    scope: SyncScope,
    present: SyncGroupState,
    taken: SyncTaken | null = null,
  ): Promise<SyncRunState> {
    const run: SyncRunState = {
      id: randomUUID(),
      status: 'RUNNING',
      message: '',
      startedAt: Date.now(),
      endedAt: null,
    };
    const isFirst = present.run?.status !== 'RUNNING';
    if (isFirst || taken !== null) {
      await this.store.setGroup(scope, {
        ...(isFirst ? { run, again: false, pausedUntil: null } : {}),
        ...(taken === null ? {} : { taken }),
      });
    }
    return run;
  }

  /** Notes how a run ended. Resolves with whether somebody asked for one more meanwhile. */
  async end(scope: SyncScope, run: SyncRunState, pausedUntil: number | null = null): Promise<boolean> {
    const ended = { ...run, endedAt: Date.now() };
    const { again } = await this.store.setGroup(scope, { run: ended, pausedUntil });
    if (again) await this.store.setGroup(scope, { again: false });
    return again;
  }

  /** Notes that a run goes on later, or elsewhere; unless the group is somebody else's by now, or nobody's. */
  async handOn(scope: SyncScope, run: SyncRunState): Promise<void> {
    const present = await this.store.group(scope);
    if (present.run?.id !== run.id) return;
    const message = 'The run goes on in another process.';
    await this.store.setGroup(scope, { run: { ...run, status: 'ENQUEUED', message, endedAt: Date.now() } });
  }

  /**
   * Asks whoever has the lease for one run more. False when that is no run, or is over by now: then nobody would do it, and
   * whoever asks has to try again.
   */
  async ask(scope: SyncScope, run: SyncRunState): Promise<boolean> {
    const { run: present } = await this.store.setGroup(scope, { again: true });
    return present?.status === 'RUNNING' && present.id !== run.id;
  }
}

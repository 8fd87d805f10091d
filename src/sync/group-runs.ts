import { MaestranoSyncError } from '../errors/sync.error.js';
import { NOTHING_RUN, type SyncEngine, type SyncRunResult } from './engine/sync-engine.js';
import { isLeaseLost, RunStates } from './run-states.js';
import type { SyncTaken } from './store/sync-request.js';
import type { SyncGroupState, SyncLease, SyncRunState, SyncScope, SyncStore } from './store/sync-store.js';

/** A run, and whether one more has to follow. */
export interface EndedRun {
  readonly result: SyncRunResult;
  readonly again: boolean;
}

/** What is said of a run when it has ended. */
export type RunEnding = Pick<SyncRunState, 'status' | 'message' | 'code' | 'needs' | 'dueSince'>;

/** What somebody does under the lease of a group, and what is noted of it. */
export interface GroupWork {
  /** Which request is taken up, by what is known of the group once it is ours; null for a run that nobody else knows of. */
  request(state: SyncGroupState): SyncTaken | null;
  /** The run itself. */
  run(
    lease: SyncLease,
    state: SyncGroupState,
    taken: SyncTaken | null,
  ): Promise<{
    readonly result: SyncRunResult;
    readonly ending: RunEnding;
    /** When Connec! may be asked again, in milliseconds of the epoch; null where it asked for no rest. */
    readonly pausedUntil: number | null;
  }>;
  /** What is said of a run that failed altogether. */
  failed(error: unknown): RunEnding;
}

/**
 * Runs of a group from its lease to its release. Everything that is noted of one is noted while the lease is held, and carries
 * its number (synchronization §5.3 step 1).
 */
export class GroupRuns {
  readonly #states: RunStates;

  constructor(
    private readonly store: SyncStore,
    private readonly engine: SyncEngine,
  ) {
    this.#states = new RunStates(store);
  }

  /**
   * One run; `busy` where somebody else is at it.
   *
   * @throws MaestranoSyncError `sync.disabled`, `sync.leaseLost`
   */
  async run(scope: SyncScope, work: GroupWork, signal?: AbortSignal): Promise<EndedRun> {
    const lease = await this.engine.acquire(scope);
    if (lease === null) return { result: NOTHING_RUN, again: !(await this.#states.ask(scope)) };
    try {
      return await this.#held(lease, work, signal);
    } finally {
      await this.store.release(lease);
    }
  }

  async #held(lease: SyncLease, work: GroupWork, signal: AbortSignal | undefined): Promise<EndedRun> {
    const { marketplace, group } = lease.scope;
    const state = await this.store.group(lease.scope);
    if (!state.enabled) throw new MaestranoSyncError('sync.disabled', { marketplace, group });
    const taken = work.request(state);
    const noted = await this.#states.begin(lease, taken);
    try {
      const { result, ending, pausedUntil } = await work.run(lease, state, taken);
      const left = remaining(taken, result, pausedUntil !== null);
      const ended = { ...noted, ...ending };
      return { result, again: await this.#states.end(lease, ended, { taken: left, pausedUntil }) };
    } catch (error) {
      if (isLeaseLost(error) || signal?.aborted) await this.#states.handOn(lease, noted);
      else {
        const ended = { ...noted, ...work.failed(error) };
        await this.#states.end(lease, ended, { taken: unbegun(taken, error) });
      }
      throw error;
    }
  }
}

/**
 * What of a request is to be done yet. That both sides are to be listed is noted with the entities by then; which side wins is asked for
 * once, and would be forgotten where nothing could be written since a side was away, or asked to wait.
 */
function remaining(
  taken: SyncTaken | null,
  { more, errors }: SyncRunResult,
  waits: boolean,
): SyncTaken | null {
  if (taken === null) return null;
  const { preemption, preempted } = taken.options ?? {};
  const isAway = waits || errors.some(({ code }) => code === 'sync.sideAway');
  const isKept = more || (isAway && (preemption ?? preempted) !== undefined);
  return { id: taken.id, options: isKept ? { ...taken.options, full: false } : null };
}

/** What is to be done yet of a request whose run did not begin: all that no other run would do, where a side was away. */
function unbegun(taken: SyncTaken | null, error: unknown): SyncTaken | null {
  if (taken === null) return null;
  const { full = false, preemption, preempted } = taken.options ?? {};
  const isAway = error instanceof MaestranoSyncError && error.code === 'sync.sideAway';
  // A request is not repeated because of any other failure.
  const isKept = isAway && (full || (preemption ?? preempted) !== undefined);
  return { id: taken.id, options: isKept ? taken.options : null };
}

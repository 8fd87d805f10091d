import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { Logger } from '@nestjs/common';

import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import { MaestranoError } from '../errors/maestrano.error.js';
import { SyncScheduler } from '../stores/sync-scheduler.js';
import { errorPlace } from '../utils/error-place.js';
import type { EndedRun } from './group-runs.js';
import { isLeaseLost } from './run-states.js';
import {
  inOneRun,
  openRequest,
  type SyncRunOptions,
  type SyncTaken,
  waitingRequest,
} from './store/sync-request.js';
import type { SyncGroupState, SyncRunState, SyncScope, SyncStore } from './store/sync-store.js';

/** Milliseconds before a group is tried again that somebody had who does nothing more. */
const BUSY_MS = 250;

/** What slices stand on. */
export interface SlicesFacts {
  readonly store: SyncStore;
  readonly scheduler: SyncScheduler;
  /** How long a slice goes on while others wait, in milliseconds. */
  readonly sliceMs: number;
  scopeOf(group: GroupReference): SyncScope;
  /** Does what {@link sliceRequest} says, until the time is over; milliseconds of the epoch. */
  run(group: GroupReference, until: number, signal: AbortSignal): Promise<EndedRun>;
}

/**
 * Runs in the background. What is asked for is kept in the store, and the scheduler only gets the name of the group: so a
 * queue, or the process, may be lost (synchronization §6).
 */
export class Slices {
  readonly #logger = new Logger('MaestranoSync');
  readonly #running = new Map<string, Promise<boolean>>();

  constructor(private readonly facts: SlicesFacts) {}

  /** Begins to do them. */
  work(concurrency: number): void {
    this.facts.scheduler.work((group, signal) => this.#tracked(group, signal), concurrency);
  }

  /** Has a run follow; together with one that waits already, it is one. Nothing follows while the group is switched off. */
  async ask(group: GroupReference, options: SyncRunOptions): Promise<void> {
    const { store } = this.facts;
    const scope = this.facts.scopeOf(group);
    if (!(await store.group(scope)).enabled) return;
    const at = await store.now();
    // Decided where it is written: of two who ask at the same moment, each would write over the other.
    const { enabled } = await store.setGroup(scope, (state) => {
      if (!state.enabled) return {};
      const waiting = waitingRequest(state);
      const wanted = waiting === null ? options : inOneRun(waiting.options, options);
      if (waiting !== null && isDeepStrictEqual(wanted, waiting.options)) return {};
      return { wanted: { id: randomUUID(), at, options: wanted } };
    });
    if (enabled) await this.enqueue(group);
  }

  /** Has a slice follow of what is due. Never rejects: what a queue that is away did not take is found in the store. */
  async enqueue(group: GroupReference): Promise<void> {
    try {
      await this.facts.scheduler.enqueue(group);
    } catch (error) {
      this.#logger.warn(`The queue did not take a group, which follows later: ${errorPlace(error)}`);
    }
  }

  /** Has no run follow of a group that is gone. */
  async cancel(group: GroupReference): Promise<void> {
    await this.facts.scheduler
      .cancel(group)
      .catch((error: unknown) =>
        this.#logger.warn(`A group may still be in the queue: ${errorPlace(error)}`),
      );
  }

  /** Resolves once no slice of the group is under way in this process. */
  async ended(group: GroupReference): Promise<void> {
    await this.#running.get(keyOf(group));
  }

  async #tracked(group: GroupReference, signal: AbortSignal): Promise<boolean> {
    const key = keyOf(group);
    const running = this.#slice(group, signal);
    this.#running.set(key, running);
    try {
      return await running;
    } catch (error) {
      // The process stops: another one goes on.
      if (signal.aborted) return true;
      this.#report(group, error);
      return false;
    } finally {
      if (this.#running.get(key) === running) this.#running.delete(key);
    }
  }

  /** Texts of errors that are not ours may have values of records. */
  #report({ marketplace, groupUid }: GroupReference, error: unknown): void {
    const what = `Synchronization of ${marketplace}/${groupUid}`;
    if (isLeaseLost(error)) {
      this.#logger.warn(`${what} goes on elsewhere: this process held its lease for too long.`);
      return;
    }
    const why = error instanceof MaestranoError ? `${error.message} (${error.code})` : errorPlace(error);
    this.#logger.error(`${what} failed: ${why}`);
  }

  async #slice(group: GroupReference, signal: AbortSignal): Promise<boolean> {
    const { store, sliceMs } = this.facts;
    const state = await store.group(this.facts.scopeOf(group));
    // A group that was forgotten, or switched off, while its name was in a queue.
    if (!state.enabled || (state.wanted === null && state.run === null)) return false;
    // The schedule finds it when Connec! may be asked again.
    if (state.pausedUntil !== null && state.pausedUntil > (await store.now())) return false;
    const { result, again } = await this.facts.run(group, Date.now() + sliceMs, signal);
    if (result.status === 'busy') {
      // Somebody else had the group for a moment, and would do nothing more.
      if (again) await pause(BUSY_MS, undefined, { signal }).catch(() => undefined);
      return again;
    }
    // Of a side that is away nobody gets more by asking at once.
    return (result.more || again) && !result.errors.some(({ code }) => code === 'sync.sideAway');
  }
}

/** What a slice takes up: what was asked for, and what is left of it; a run of everything where nothing is. */
export function sliceRequest(state: SyncGroupState): SyncTaken {
  const { id, options } = openRequest(state) ?? { id: '', options: null };
  return { id, options: options ?? {} };
}

/** The last run, or the one that waits: between two slices the run goes on. */
export function presentRun(state: SyncGroupState): SyncRunState | null {
  const { run, taken, enabled } = state;
  const waiting = waitingRequest(state);
  if (!enabled) return run;
  if (waiting === null) {
    const goesOn = (taken?.options ?? null) !== null;
    return run?.status === 'SUCCESS' && goesOn ? { ...run, status: 'ENQUEUED' } : run;
  }
  return { id: '', status: 'ENQUEUED', message: run?.message ?? '', startedAt: waiting.at, endedAt: null };
}

function keyOf({ marketplace, groupUid }: GroupReference): string {
  return JSON.stringify([marketplace, groupUid]);
}

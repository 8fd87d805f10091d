import { hash } from 'node:crypto';

import { waitingRequest } from '../store/sync-request.js';
import type { SyncGroupState, SyncScope } from '../store/sync-store.js';

/** How long what a queue was given may take before it is given to it again; milliseconds. */
const LOST_MS = 2 * 60_000;

/** How long a run in the background may take before it is tried whether somebody still does it; milliseconds. */
const DEAD_MS = 10 * 60_000;

/**
 * When a group is due: once in each interval, at a moment of its own that follows from its name, so that ten thousand groups are
 * spread over the interval, and no process has to keep their times (synchronization §5.8). A run shortly before counts.
 *
 * @returns milliseconds of the epoch
 */
export function dueTime(scope: SyncScope, { run }: Pick<SyncGroupState, 'run'>, everyMs: number): number {
  const name = JSON.stringify([scope.app, scope.marketplace, scope.group]);
  const offset = Number.parseInt(hash('sha256', name).slice(0, 12), 16) % everyMs;
  // Of a run whose process died there is no end.
  const last = run?.endedAt ?? run?.startedAt ?? 0;
  const earliest = last + everyMs / 2;
  return Math.ceil((earliest - offset) / everyMs) * everyMs + offset;
}

/** A moment that is kept and lies further ahead says that the clock of the store was set back; milliseconds. */
const AHEAD_MS = 2 * 60_000;

/**
 * Whether a moment that is kept lies in the future, as it does once the clock of the store was set back: nothing would be due until the
 * clock gets there again. The run that follows keeps the present time.
 */
export function isAhead(at: number, now: number): boolean {
  return at - now > AHEAD_MS;
}

/**
 * Whether a run that was asked for, or that has more to do, got lost with a queue or a process: each is looked for in the store,
 * which knows it, and asked for again.
 */
export function isLost(state: SyncGroupState, now: number): boolean {
  const { run, taken, pausedUntil } = state;
  // Connec! asked to wait, which is over.
  if (pausedUntil !== null) return pausedUntil <= now;
  const waiting = waitingRequest(state);
  const isRunning = run !== null && run.endedAt === null;
  if (isRunning) return isOver(run.startedAt, now, DEAD_MS);
  if (waiting !== null) return isOver(Math.max(waiting.at, run?.endedAt ?? 0), now, LOST_MS);
  const goesOn = run?.status === 'ENQUEUED' || (taken !== null && taken.options !== null);
  return goesOn && isOver(run?.endedAt ?? 0, now, LOST_MS);
}

function isOver(at: number, now: number, ms: number): boolean {
  return now - at > ms || isAhead(at, now);
}

import type { SyncSide } from './sync-link.js';

/** What one run does otherwise. */
export interface SyncRunOptions {
  /** Lists all records of both sides, instead of what changed; false by default. */
  readonly full?: boolean;
  /** Names of entities; all by default. */
  readonly only?: readonly string[];
  /** Which side wins every conflict of this run; the rules decide by default. */
  readonly preemption?: SyncSide;
  /** The only side that is written to; both by default. */
  readonly to?: SyncSide;
}

/** A run that somebody asked for. It is in the store so that a queue may be lost. */
export interface SyncRequest {
  readonly id: string;
  /** Milliseconds of the epoch. */
  readonly at: number;
  readonly options: SyncRunOptions;
}

/** What became of the request that was taken up last. */
export interface SyncTaken {
  /** Of the request. */
  readonly id: string;
  /** How it goes on; null when it is done. */
  readonly options: SyncRunOptions | null;
}

/** The request that nobody has taken up. */
export function waitingRequest({
  wanted,
  taken,
}: {
  readonly wanted: SyncRequest | null;
  readonly taken: SyncTaken | null;
}): SyncRequest | null {
  return wanted !== null && wanted.id !== taken?.id ? wanted : null;
}

/** What is to be done next: the request that waits, together with what is left of the one before; null where nothing is. */
export function openRequest(state: {
  readonly wanted: SyncRequest | null;
  readonly taken: SyncTaken | null;
}): SyncTaken | null {
  const waiting = waitingRequest(state);
  const left = state.taken?.options ?? null;
  if (waiting === null) return state.taken;
  return { id: waiting.id, options: left === null ? waiting.options : inOneRun(left, waiting.options) };
}

/** Two runs in one: it reads and writes at least what each of them would; of two sides that win, the later one does. */
export function inOneRun(first: SyncRunOptions, later: SyncRunOptions): SyncRunOptions {
  const only = first.only && later.only ? [...new Set([...first.only, ...later.only])].toSorted() : undefined;
  const preemption = later.preemption ?? first.preemption;
  return {
    ...(first.full || later.full ? { full: true } : {}),
    ...(only === undefined ? {} : { only }),
    ...(preemption === undefined ? {} : { preemption }),
    ...(first.to !== undefined && first.to === later.to ? { to: first.to } : {}),
  };
}

import type { ConnecDelivery } from './connec-delivery.js';

/** What is remembered of a record (protocol §7.2). */
export interface RecordState {
  /** Time of the newest update that was handled, in milliseconds; before all times when no update said one. */
  at: number;
  /** Digests handled at that time, or lately of a record without times; newest last. */
  digests: readonly string[];
  /** An update that some handlers finished and others did not. */
  unfinished: { readonly version: string; readonly handlers: readonly string[] } | null;
  /**
   * The update whose handlers were begun. Left behind by a process that died: its handlers may have done their work,
   * so nothing older may follow before that update was handled again, or until (in milliseconds) it is given up.
   */
  begun?: { readonly at: number; readonly until: number } | null;
}

/** Leave to handle a delivery: nobody else handles the same record until it is completed or released. */
export interface DeliveryClaim {
  /** Handlers that finished this very delivery at an earlier attempt. */
  readonly finished: readonly string[];
}

/** A claim, or why the delivery needs no handling, or that its record is being handled elsewhere. */
export type DeliveryVerdict = DeliveryClaim | 'duplicate' | 'stale' | 'busy';

/**
 * Sees to it that the same delivery is handled once, that an older update never follows a newer one, and that two
 * updates of one record are never handled at the same time. Answers at once where it can: a promise for each of
 * hundreds of entities would cost as much as the request.
 */
export abstract class DeliveryLedger {
  abstract claim(delivery: ConnecDelivery): DeliveryVerdict | Promise<DeliveryVerdict>;

  /** Remembers the delivery as handled. False when the claim was lost meanwhile: another process took over. */
  abstract complete(claim: DeliveryClaim, delivery: ConnecDelivery): boolean | Promise<boolean>;

  /** Gives the claim back, remembering which handlers finished. */
  abstract release(
    claim: DeliveryClaim,
    delivery: ConnecDelivery,
    finished: readonly string[],
  ): void | Promise<void>;
}

/** Digests kept of a record: more than ever arrive within a second, or between a delivery and its repetition. */
const MAX_DIGESTS = 8;

const NONE: readonly string[] = [];

/** The state of a record of which nothing is known. */
export function newState(): RecordState {
  return { at: Number.NEGATIVE_INFINITY, digests: NONE, unfinished: null };
}

/** Whether a delivery still has to be handled, given what is remembered of its record; `busy`: not yet. */
export function judge(
  state: RecordState,
  { at, digest }: ConnecDelivery,
): 'handle' | 'duplicate' | 'stale' | 'busy' {
  if (digest !== null) {
    if (state.digests.includes(digest)) return 'duplicate';
  } else if (at === state.at) return 'duplicate';
  if (at !== null && at < state.at) return 'stale';
  const { begun } = state;
  return begun && at !== null && at < begun.at && Date.now() < begun.until ? 'busy' : 'handle';
}

/** Remembers the delivery as handled. */
export function noteHandled(state: RecordState, { at, digest }: ConnecDelivery): void {
  if (at !== null && at > state.at) {
    state.at = at;
    state.digests = NONE;
  }
  if (digest !== null) state.digests = [...state.digests, digest].slice(-MAX_DIGESTS);
  state.unfinished = null;
}

/** Remembers which handlers finished a delivery that others did not. */
export function noteUnfinished(
  state: RecordState,
  delivery: ConnecDelivery,
  handlers: readonly string[],
): void {
  state.unfinished = { version: versionOf(delivery), handlers };
}

/** Handlers that finished this very delivery before. */
export function finishedHandlers({ unfinished }: RecordState, delivery: ConnecDelivery): readonly string[] {
  return unfinished !== null && unfinished.version === versionOf(delivery) ? unfinished.handlers : NONE;
}

/** Identifies a delivery among those of its record. */
function versionOf({ at, digest }: ConnecDelivery): string {
  return digest ?? String(at);
}

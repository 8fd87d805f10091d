import type { ConnecDelivery } from './connec-delivery.js';

/** What is remembered of a record, and who is handling an update of it (protocol §7.2). */
export interface RecordState {
  /** Time of the newest update that was handled, in milliseconds; null when no update said one. */
  readonly at: number | null;
  /** Digests handled at that time, and lately of updates without one, which end in `~`; newest last. */
  readonly digests: readonly string[];
  /** An update whose handlers were begun and are not all done. */
  readonly unfinished: UnfinishedUpdate | null;
  /** The update whose handlers run, or ran in a process that died. */
  readonly lease: RecordLease | null;
}

/** An update that handlers may have written of, although not all are done. */
export interface UnfinishedUpdate {
  readonly version: string;
  /** Names of the handlers that are done. */
  readonly handlers: readonly string[];
  /** Time of the newest update that was begun, in milliseconds; null when none said one. */
  readonly at: number | null;
}

/** Sees to it that nobody else handles the record. */
export interface RecordLease {
  /** Tells one claim from all others. */
  readonly token: string;
  /** Time of the update that is handled, in milliseconds; null when it does not say one. */
  readonly at: number | null;
  /** When the lease was taken or last renewed, in milliseconds of the epoch by the holder's clock. */
  readonly since: number;
}

/** Whether a delivery has to be handled: `busy` when somebody else is handling the record. */
export type RecordDecision = 'handle' | 'duplicate' | 'stale' | 'busy';

/** Digests kept of a record: more than ever arrive within a second, or between a delivery and its repetition. */
const MAX_DIGESTS = 8;

/** After so many leases without a repetition, an update that a dead process had begun holds up older ones no more. */
const LEASES_TO_GIVE_UP = 10;

const NONE: readonly string[] = [];

/** Behind the digest of an update without a time: it outlives updates that have one. */
const TIMELESS = '~';

/** The state of a record of which nothing is known. */
export const UNKNOWN_RECORD: RecordState = { at: null, digests: NONE, unfinished: null, lease: null };

/**
 * What to do with a delivery, given what is remembered of its record. A lease that was not renewed for `leaseMs` is
 * over. The handlers of its update may have done their work all the same, so that an older update has to wait until
 * that one was handled again, or was not repeated for ten leases.
 */
export function decide(
  { at: newest, digests, unfinished, lease }: RecordState,
  delivery: ConnecDelivery,
  now: number,
  leaseMs: number,
): RecordDecision {
  const { at } = delivery;
  const mark = markOf(delivery);
  if (mark === null ? at === newest : digests.includes(mark)) return 'duplicate';
  if (isOlder(at, newest)) return 'stale';
  // A handler that threw may have written before: what is older must not follow it.
  if (unfinished !== null && isOlder(at, unfinished.at)) return 'stale';
  if (lease === null) return 'handle';
  const unrenewed = now - lease.since;
  if (unrenewed < leaseMs) return 'busy';
  return isOlder(at, lease.at) && unrenewed < leaseMs * LEASES_TO_GIVE_UP ? 'busy' : 'handle';
}

/** The state once a delivery was handled. */
export function handledState(state: RecordState, delivery: ConnecDelivery): RecordState {
  const { at } = delivery;
  const { unfinished } = state;
  const isNewest = at !== null && (state.at === null || at > state.at);
  const digests = isNewest ? timelessOf(state.digests) : state.digests;
  const mark = markOf(delivery);
  // An update without a time ends nothing but itself.
  const isLeft = unfinished !== null && at === null && unfinished.version !== versionOf(delivery);
  return {
    at: isNewest ? at : state.at,
    digests: mark === null ? digests : [...digests, mark].slice(-MAX_DIGESTS),
    unfinished: isLeft ? unfinished : null,
    lease: null,
  };
}

/** The state once some handlers finished a delivery and others did not. */
export function unfinishedState(
  state: RecordState,
  delivery: ConnecDelivery,
  handlers: readonly string[],
): RecordState {
  const begun = state.unfinished?.at ?? null;
  const at = isOlder(delivery.at, begun) || delivery.at === null ? begun : delivery.at;
  return { ...state, unfinished: { version: versionOf(delivery), handlers, at }, lease: null };
}

/** Handlers that finished this very delivery before. */
export function finishedHandlers({ unfinished }: RecordState, delivery: ConnecDelivery): readonly string[] {
  return unfinished !== null && unfinished.version === versionOf(delivery) ? unfinished.handlers : NONE;
}

/**
 * As it is stored: the time, which is all that most records have, and where there is more, the lease (renewed, time of
 * the update, token), the digests and what is unfinished as JSON, separated by `;`.
 */
export function writeState({ at, digests, unfinished, lease }: RecordState): string {
  const time = at === null ? '' : String(at);
  if (lease === null && unfinished === null && digests.length === 0) return time;
  const held = lease === null ? '' : [lease.since, lease.at ?? '', lease.token].join();
  // Joined, and not as a template: what a store in memory keeps by the thousand is one text then, not a tree of parts.
  return [time, held, digests.join(), unfinished === null ? '' : JSON.stringify(unfinished)].join(';');
}

const WRITTEN_STATE = /^(-?\d*)(?:;(?:(\d+),(-?\d*),([\w:-]+))?;([\w,~-]*);(\{.*\})?)?$/s;

/** What is stored; nothing is known where that is no state of ours. */
export function readState(text: string | null): RecordState {
  const match = text === null ? null : WRITTEN_STATE.exec(text);
  if (!match) return UNKNOWN_RECORD;
  const [, at, since, leaseAt, token, digests, unfinished] = match;
  return {
    at: readTime(at),
    digests: digests ? digests.split(',') : UNKNOWN_RECORD.digests,
    unfinished: unfinished ? (JSON.parse(unfinished) as RecordState['unfinished']) : null,
    lease: token === undefined ? null : { token, at: readTime(leaseAt), since: Number(since) },
  };
}

function readTime(digits: string | undefined): number | null {
  return digits ? Number(digits) : null;
}

/** Whether both are times, and the first is the earlier one. */
function isOlder(at: number | null, other: number | null): boolean {
  return at !== null && other !== null && at < other;
}

/** What is remembered of a delivery beside its time; null where the time says all. */
function markOf({ at, digest }: ConnecDelivery): string | null {
  return digest !== null && at === null ? `${digest}${TIMELESS}` : digest;
}

function timelessOf(digests: readonly string[]): readonly string[] {
  return digests.length === 0 ? digests : digests.filter((digest) => digest.endsWith(TIMELESS));
}

/** Identifies a delivery among those of its record. */
function versionOf({ at, digest }: ConnecDelivery): string {
  return digest ?? String(at);
}

import type { ConnecDelivery } from './connec-delivery.js';

/** What is remembered of a record, and who is handling an update of it (protocol §7.2). */
export interface RecordState {
  /** Time of the newest update that was handled, in milliseconds; null when no update said one. */
  readonly at: number | null;
  /** Digests handled at that time, or lately of a record without times; newest last. */
  readonly digests: readonly string[];
  /** An update that some handlers finished and others did not. */
  readonly unfinished: { readonly version: string; readonly handlers: readonly string[] } | null;
  /** The update whose handlers run, or ran in a process that died. */
  readonly lease: RecordLease | null;
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

/** The state of a record of which nothing is known. */
export const UNKNOWN_RECORD: RecordState = { at: null, digests: NONE, unfinished: null, lease: null };

/**
 * What to do with a delivery, given what is remembered of its record. A lease that was not renewed for `leaseMs` is
 * over. The handlers of its update may have done their work all the same, so that an older update has to wait until
 * that one was handled again, or was not repeated for ten leases.
 */
export function decide(
  { at: newest, digests, lease }: RecordState,
  { at, digest }: ConnecDelivery,
  now: number,
  leaseMs: number,
): RecordDecision {
  if (digest === null ? at === newest : digests.includes(digest)) return 'duplicate';
  if (at !== null && newest !== null && at < newest) return 'stale';
  if (lease === null) return 'handle';
  const unrenewed = now - lease.since;
  if (unrenewed < leaseMs) return 'busy';
  const older = at !== null && lease.at !== null && at < lease.at;
  return older && unrenewed < leaseMs * LEASES_TO_GIVE_UP ? 'busy' : 'handle';
}

/** The state once a delivery was handled. */
export function handledState(state: RecordState, { at, digest }: ConnecDelivery): RecordState {
  const isNewest = at !== null && (state.at === null || at > state.at);
  const digests = isNewest ? NONE : state.digests;
  return {
    at: isNewest ? at : state.at,
    digests: digest === null ? digests : [...digests, digest].slice(-MAX_DIGESTS),
    unfinished: null,
    lease: null,
  };
}

/** The state once some handlers finished a delivery and others did not. */
export function unfinishedState(
  state: RecordState,
  delivery: ConnecDelivery,
  handlers: readonly string[],
): RecordState {
  return { ...state, unfinished: { version: versionOf(delivery), handlers }, lease: null };
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
  const held = lease === null ? '' : `${lease.since},${lease.at ?? ''},${lease.token}`;
  return `${time};${held};${digests.join()};${unfinished === null ? '' : JSON.stringify(unfinished)}`;
}

const WRITTEN_STATE = /^(-?\d*)(?:;(?:(\d+),(-?\d*),([\w:-]+))?;([\w,-]*);(\{.*\})?)?$/s;

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

/** Identifies a delivery among those of its record. */
function versionOf({ at, digest }: ConnecDelivery): string {
  return digest ?? String(at);
}

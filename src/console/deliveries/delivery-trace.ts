import type { DeliveryResult } from '../../connec/notifications/notification-stats.js';

/** Attempts that are kept of a delivery, the newest, and characters of a reason. */
const [ATTEMPTS, REASON] = [10, 200];

/** One attempt at a delivery, or that it came again. */
export interface TracedAttempt {
  /** When it ended, ISO 8601. */
  readonly at: string;
  /** From 1, as the queue counts; the platform's own repetitions are not counted. */
  readonly attempt: number;
  readonly result: DeliveryResult;
  /** Where the handler failed, never the text of its error; null where none did. */
  readonly reason: string | null;
}

/** What is kept of one delivery: names, ids and times, nothing of what was sent. */
export interface DeliveryTrace {
  /** Name of the trace, a digest of what identifies the delivery: the same whenever it comes again. */
  readonly id: string;
  readonly marketplace: string;
  readonly groupUid: string;
  readonly resource: string;
  /** Null for an entity without one. */
  readonly recordId: string | null;
  /** When the record changed, ISO 8601; null where the entity did not say. */
  readonly updatedAt: string | null;
  /** When it came first, ISO 8601. */
  readonly receivedAt: string;
  /** When something of it happened last, ISO 8601. */
  readonly at: string;
  readonly result: DeliveryResult;
  /** Oldest first. */
  readonly attempts: readonly TracedAttempt[];
  /** Attempts in all, those that are not kept any more included. */
  readonly times: number;
}

/** Its place in the list: by time, and by name at the same time. What follows is less. */
export function placeOf({ at, id }: DeliveryTrace): string {
  return `${at}~${id}`;
}

/** Results after which somebody may have to do something. */
export function isTrouble(result: DeliveryResult): boolean {
  return result === 'failed' || result === 'busy' || result === 'unknownGroup';
}

/** A trace that begins with one attempt. */
export function newTrace(
  what: Pick<
    DeliveryTrace,
    'id' | 'marketplace' | 'groupUid' | 'resource' | 'recordId' | 'updatedAt' | 'receivedAt'
  >,
  attempt: TracedAttempt,
): DeliveryTrace {
  const cut = { ...attempt, reason: attempt.reason?.slice(0, REASON) ?? null };
  return { ...what, at: attempt.at, result: attempt.result, attempts: [cut], times: 1 };
}

/** What was known of a delivery, with what came after. What was handled stays so when it comes again. */
export function joined(before: DeliveryTrace, after: DeliveryTrace): DeliveryTrace {
  return {
    ...before,
    at: after.at,
    result: before.result === 'handled' ? 'handled' : after.result,
    attempts: [...before.attempts, ...after.attempts].slice(-ATTEMPTS),
    times: before.times + after.times,
  };
}

import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Codes of {@link MaestranoConnecError}, with their meaning. */
export const CONNEC_ERROR_CODES = {
  'connec.disabled': {
    meaning: 'The marketplace has no Connec! host, or data sharing is switched off for it.',
  },
  'connec.argument': { meaning: 'An identifier, path, query or cursor cannot be sent safely.' },
  'connec.invalid': { meaning: 'Connec! rejected what was sent (400, 422).' },
  'connec.unauthorized': {
    meaning: 'Credentials rejected, or the group does not belong to the application (401, 403).',
  },
  'connec.notFound': { meaning: 'There is no such record or resource (404).' },
  'connec.conflict': { meaning: 'The record cannot be created or changed as it is (409).' },
  'connec.rateLimited': { meaning: 'Too many requests (429).' },
  'connec.server': { meaning: 'Connec! failed (5xx).' },
  'connec.unexpectedAnswer': {
    meaning: 'The response is not what the documentation says: no JSON, no envelope, a redirect.',
  },
  'connec.pagination': { meaning: 'The pages of a collection do not come to an end.' },
  'connec.batchNotSent': {
    meaning: 'An operation was not sent, because an earlier part of the batch failed as a whole.',
  },
  'connec.notificationMalformed': {
    meaning: 'A notification is not an object of resource names and entities.',
    httpStatus: 400,
  },
  'connec.notificationTooLarge': {
    meaning: 'A notification holds more entities than allowed.',
    httpStatus: 413,
  },
  'connec.notificationFailed': {
    meaning: 'A handler threw; the failure is reported so that the platform can repeat.',
  },
  'connec.notificationBusy': {
    meaning: 'Another instance is handling the same record right now.',
    httpStatus: 503,
  },
  'connec.notificationUnavailable': {
    meaning: 'Notifications cannot be taken: the store or queue is away, or the application is stopping.',
    httpStatus: 503,
  },
  'connec.handlerTimeout': {
    meaning: 'A handler did not end within handlerTimeoutMs, or within the time to shut down.',
  },
  'connec.groupDeleted': {
    meaning: 'The reason in the signal of a handler whose group cancelled the application.',
  },
  'connec.stopping': {
    meaning: 'The reason in the signal of a handler that still runs when the application has to stop.',
  },
  'connec.leaseLost': {
    meaning:
      'Another instance took over the record while the transaction of a handler was open; it was rolled back.',
  },
  'connec.handler': { meaning: 'A @ConnecHandler method cannot be used as it is declared.' },
  'connec.sealed': {
    meaning: 'A dead letter was sealed with a secret that is not known here, or was changed since.',
  },
  'connec.queue': { meaning: 'The notification queue was asked for something it cannot do.' },
} as const satisfies ErrorTable;

export type ConnecErrorCode = keyof typeof CONNEC_ERROR_CODES;

/** One entry of the `errors` array that Connec! responds with (protocol §9.10). */
export interface ConnecProblem {
  readonly status: string | null;
  /** Such as `unknown-resource`, `resource-not-found`. */
  readonly code: string | null;
  readonly title: string | null;
  /** The platform's words; may quote what was sent. */
  readonly detail: string | null;
}

/** What is known of the work that failed. */
export interface ConnecErrorFacts extends MaestranoErrorFacts {
  readonly group?: string | undefined;
  /** Such as `GET connec/:group/:resource`; never holds an id. */
  readonly operation?: string | undefined;
  readonly status?: number | undefined;
  readonly attempts?: number | undefined;
  readonly retryAfterMs?: number | null | undefined;
  readonly problems?: readonly ConnecProblem[] | undefined;
}

/**
 * Everything that goes wrong with Connec! data once a response came, and with its notifications (protocol §7, §9.10).
 * Failures on the way (no connection, timeout, breaker) are `MaestranoHttpError`s. Holds no credentials; `problems`
 * may quote data that was sent and is therefore left out when the error is printed.
 */
export class MaestranoConnecError extends MaestranoError {
  declare readonly code: ConnecErrorCode;
  /** The customer group the work was for. */
  readonly group: string | null;
  /** Such as `GET connec/:group/:resource`; never holds an id. */
  readonly operation: string | null;
  /** HTTP status that Connec! responded with. */
  readonly status: number | null;
  /** Connec!'s own codes, such as `resource-not-found`. */
  readonly codes: readonly string[];
  /** HTTP attempts made; 0 when nothing was sent. */
  readonly attempts: number;
  /** Milliseconds that Connec! asked to wait before the next request; null when it did not say. */
  readonly retryAfterMs: number | null;
  /** Connec!'s entries in full. Not enumerable, so that loggers do not print customers' data. */
  declare readonly problems: readonly ConnecProblem[];

  constructor(code: ConnecErrorCode, facts: ConnecErrorFacts = {}) {
    super(CONNEC_ERROR_CODES[code], code, facts);
    this.group = facts.group ?? null;
    this.operation = facts.operation ?? null;
    this.status = facts.status ?? null;
    this.attempts = facts.attempts ?? 0;
    this.retryAfterMs = facts.retryAfterMs ?? null;
    const problems = facts.problems ?? [];
    this.codes = problems.flatMap((problem) => (problem.code === null ? [] : [problem.code]));
    Object.defineProperty(this, 'problems', { value: problems, enumerable: false });
  }
}

import { MaestranoError, type MaestranoErrorOptions } from './maestrano.error.js';

/** Codes of {@link ConnecError}, with their meaning. */
export const CONNEC_ERROR_CODES = {
  'connec.disabled': 'The marketplace has no Connec! host, or data sharing is switched off for it.',
  'connec.argument': 'An identifier, path, query or cursor cannot be sent safely.',
  'connec.invalid': 'Connec! refused what was sent (400, 422).',
  'connec.unauthorized': 'Credentials refused, or the group does not belong to the application (401, 403).',
  'connec.notFound': 'There is no such record or resource (404).',
  'connec.conflict': 'The record cannot be created or changed as it is (409).',
  'connec.rateLimited': 'Too many requests (429).',
  'connec.server': 'Connec! failed (5xx).',
  'connec.unexpectedAnswer':
    'The answer is not what the documentation says: no JSON, no envelope, a redirect.',
  'connec.pagination': 'The pages of a collection do not come to an end.',
  'connec.batchNotSent': 'An operation was not sent, because an earlier part of the batch failed as a whole.',
  'connec.notificationMalformed': 'A notification is not an object of resource names and entities.',
  'connec.notificationTooLarge': 'A notification holds more entities than allowed.',
  'connec.notificationFailed': 'A handler threw; the platform is told so that it can repeat.',
  'connec.notificationBusy': 'Another instance is handling the same record right now.',
  'connec.notificationUnavailable':
    'Notifications cannot be taken: the store or queue is away, or the application is stopping.',
  'connec.handler': 'A @ConnecHandler method cannot be used as it is declared.',
  'connec.queue': 'The notification queue was asked for something it cannot do.',
} as const;

export type ConnecErrorCode = keyof typeof CONNEC_ERROR_CODES;

/** One entry of the `errors` array that Connec! answers with (protocol §9.10). */
export interface ConnecProblem {
  readonly status: string | null;
  /** Such as `unknown-resource`, `resource-not-found`. */
  readonly code: string | null;
  readonly title: string | null;
  /** The platform's words; may quote what was sent. */
  readonly detail: string | null;
}

/** What is known of the work that failed. */
export interface ConnecErrorDetails {
  readonly code: ConnecErrorCode;
  readonly remedy?: string | undefined;
  readonly marketplace?: string | undefined;
  readonly cause?: unknown;
  readonly group?: string | undefined;
  /** Such as `GET connec/:group/:resource`; never holds an id. */
  readonly operation?: string | undefined;
  readonly status?: number | undefined;
  readonly attempts?: number | undefined;
  readonly problems?: readonly ConnecProblem[] | undefined;
}

/** Status that a request from the platform ends with when the error reaches it (docs/notifications.md has the table). */
const HTTP_STATUS: Partial<Record<ConnecErrorCode, number>> = {
  'connec.notificationMalformed': 400,
  'connec.notificationTooLarge': 413,
  'connec.notificationFailed': 500,
  'connec.notificationBusy': 503,
  'connec.notificationUnavailable': 503,
};

/**
 * Everything that goes wrong with Connec! data once an answer came, and with its notifications (protocol §7, §9.10).
 * Failures on the way (no connection, timeout, breaker) are `MaestranoHttpError`s. Holds no credentials; `problems`
 * may quote data that was sent and is therefore left out when the error is printed.
 */
export class ConnecError extends MaestranoError {
  declare readonly code: ConnecErrorCode;
  /** The customer group the work was for. */
  readonly group: string | null;
  /** Such as `GET connec/:group/:resource`; never holds an id. */
  readonly operation: string | null;
  /** HTTP status that Connec! answered with. */
  readonly status: number | null;
  /** Connec!'s own codes, such as `resource-not-found`. */
  readonly codes: readonly string[];
  /** HTTP attempts made; 0 when nothing was sent. */
  readonly attempts: number;
  /** Connec!'s entries in full. Not enumerable, so that loggers do not print customers' data. */
  declare readonly problems: readonly ConnecProblem[];

  constructor(message: string, details: ConnecErrorDetails) {
    super(message, optionsOf(details));
    this.group = details.group ?? null;
    this.operation = details.operation ?? null;
    this.status = details.status ?? null;
    this.attempts = details.attempts ?? 0;
    const problems = details.problems ?? [];
    this.codes = problems.flatMap((problem) => (problem.code === null ? [] : [problem.code]));
    Object.defineProperty(this, 'problems', { value: problems, enumerable: false });
  }

  /** Status of our own answer when the error ends a request of the platform; 500 for all others. */
  get httpStatus(): number {
    return HTTP_STATUS[this.code] ?? 500;
  }
}

function optionsOf({ code, remedy, marketplace, cause }: ConnecErrorDetails): MaestranoErrorOptions {
  return { code, cause, ...(remedy ? { remedy } : {}), ...(marketplace ? { marketplace } : {}) };
}

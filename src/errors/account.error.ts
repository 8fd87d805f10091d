import { MaestranoError } from './maestrano.error.js';

/** Codes of what the Account API refuses, and of what is refused on its behalf (protocol §8.4). */
export const ACCOUNT_ERROR_CODES = {
  'account.authentication': 'The marketplace does not accept the API id and key.',
  'account.invalidRequest': 'The marketplace refused the request; `fields` says why.',
  'account.invalidInput': 'The input was refused before anything was sent; `fields` says why.',
  'account.notFound': 'The marketplace does not know the identifier.',
  'account.rateLimit': 'Too many requests; `retryAfterMs` says how long to wait, when the server said so.',
  'account.api': 'The marketplace failed, or answered with a status that has no meaning here.',
  'account.response':
    'The answer is not what the Account API answers: another server, a proxy, or a truncated body.',
  'account.undecided': 'Whether a charge exists could not be found out; `candidates` lists what may be it.',
  'account.keyConflict': 'The key of a createOnce was used before for another charge.',
  'account.inProgress': 'The same charge is being created elsewhere.',
} as const;

export type AccountErrorCode = keyof typeof ACCOUNT_ERROR_CODES;

/** Messages by field, in camelCase; `base` for what belongs to none. */
export type FieldMessages = Readonly<Record<string, readonly string[]>>;

/** What is known of a call that went wrong. */
export interface AccountErrorDetails {
  readonly marketplace: string;
  /** Route template such as `GET account/bills/:id`. */
  readonly operation: string;
  /** Null when nothing was sent. */
  readonly status?: number | null;
  readonly fields?: FieldMessages;
  readonly requestId?: string | null;
  readonly attempts?: number;
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** Anything that the Account API refused, or that was refused on its behalf. Never holds credentials. */
export abstract class AccountError extends MaestranoError {
  declare readonly code: AccountErrorCode;
  /** Route template such as `GET account/bills/:id`. */
  readonly operation: string;
  /** HTTP status; null when nothing was sent. The envelope decides, so that a refusal may come with 200. */
  readonly status: number | null;
  readonly fields: FieldMessages;
  /** The server's id of the request, when it answered with one. */
  readonly requestId: string | null;
  readonly attempts: number;

  constructor(code: AccountErrorCode, message: string, details: AccountErrorDetails) {
    super(`${details.operation} to "${details.marketplace}": ${message}`, {
      code,
      marketplace: details.marketplace,
      remedy: details.remedy,
      cause: details.cause,
    });
    this.operation = details.operation;
    this.status = details.status ?? null;
    this.fields = details.fields ?? {};
    this.requestId = details.requestId ?? null;
    this.attempts = details.attempts ?? 0;
  }
}

/** Status 401. */
export class AuthenticationError extends AccountError {}

/** Refused because of what was asked: by the marketplace, or by our own rules before anything was sent. */
export class InvalidRequestError extends AccountError {}

/** The identifier is unknown: status 404, or `id does not exist` with any status. */
export class NotFoundError extends InvalidRequestError {}

/** Status 429. */
export class RateLimitError extends AccountError {
  /** Milliseconds that the server asked to wait; null when it did not say. */
  readonly retryAfterMs: number | null;

  constructor(message: string, details: AccountErrorDetails, retryAfterMs: number | null) {
    super('account.rateLimit', message, details);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The marketplace failed, or did not answer as the Account API does. */
export class ApiError extends AccountError {}

/**
 * After an ambiguous failure the marketplace's list did not tell whether the charge exists. Nothing more was sent.
 * Call `createOnce` again later with the same key, or decide with `settleOnce`.
 */
export class CreationUndecidedError extends AccountError {
  /** Ids of charges that may be the one. Empty: none yet, but the request may still be on its way. */
  readonly candidates: readonly string[];

  constructor(message: string, details: AccountErrorDetails, candidates: readonly string[]) {
    super('account.undecided', message, details);
    this.candidates = candidates;
  }
}

/** The key of a `createOnce` was used before for a charge with other contents. */
export class CreationKeyConflictError extends AccountError {}

/** Another call, perhaps in another process, is creating the same charge and did not finish in time. */
export class CreationInProgressError extends AccountError {}

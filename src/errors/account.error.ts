import type { RequestSent } from './http.error.js';
import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';
import { MaestranoStoreError, type StoreErrorCode, type StoreErrorFacts } from './store.error.js';

/** Codes of what the Account API rejects, and of what is rejected on its behalf (protocol §8.4). */
export const ACCOUNT_ERROR_CODES = {
  'account.authentication': { meaning: 'The marketplace does not accept the API id and key.' },
  'account.invalidRequest': { meaning: 'The marketplace rejected the request; `fields` says why.' },
  'account.invalidInput': { meaning: 'The input was rejected before anything was sent; `fields` says why.' },
  'account.notFound': { meaning: 'The marketplace does not know the identifier.' },
  'account.rateLimit': {
    meaning: 'Too many requests; `retryAfterMs` says how long to wait, when the server said so.',
  },
  'account.api': { meaning: 'The marketplace failed, or responded with a status that has no meaning here.' },
  'account.response': {
    meaning: 'The response is not one of the Account API: another server, a proxy, or a truncated body.',
  },
  'account.undecided': {
    meaning: 'Whether a charge exists could not be found out; `candidates` lists what may be it.',
  },
  'account.keyConflict': { meaning: 'The key of a createOnce was used before for another charge.' },
  'account.inProgress': { meaning: 'The same charge is being created elsewhere.' },
} as const satisfies ErrorTable;

export type AccountErrorCode = keyof typeof ACCOUNT_ERROR_CODES;

type CreationErrorCode = Extract<
  AccountErrorCode,
  'account.undecided' | 'account.keyConflict' | 'account.inProgress'
>;

/** Messages by field, in camelCase; `base` for what belongs to none. */
export type FieldMessages = Readonly<Record<string, readonly string[]>>;

/** What is known of a call that went wrong. */
export interface AccountErrorFacts extends MaestranoErrorFacts {
  readonly marketplace: string;
  /** Route template such as `GET account/bills/:id`. */
  readonly operation: string;
  /** Null when nothing was sent. */
  readonly status?: number | null;
  readonly fields?: FieldMessages;
  readonly requestId?: string | null;
  readonly attempts?: number;
  /** Without it, a response with a status says `yes`, and none `no`. */
  readonly sent?: RequestSent;
  /** Whether the response has the envelope of the Account API. */
  readonly fromApi?: boolean;
}

/** Anything that the Account API rejected, or that was rejected on its behalf. Never holds credentials. */
export class MaestranoAccountError extends MaestranoError {
  declare readonly code: AccountErrorCode;
  /** Route template such as `GET account/bills/:id`. */
  readonly operation: string;
  /** HTTP status; null when nothing was sent. The envelope decides, so that a rejection may come with 200. */
  readonly status: number | null;
  readonly fields: FieldMessages;
  /** The server's id of the request, when it responded with one. */
  readonly requestId: string | null;
  readonly attempts: number;
  /**
   * How far the request got. For `createOnce`, how far any request of this key got: after `no` nothing was charged and
   * nothing will be.
   */
  readonly sent: RequestSent;
  /**
   * Whether the response came from the Account API itself. Without its envelope a proxy or another server may have
   * responded, and whether a creation was carried out is open, whatever the status.
   */
  readonly fromApi: boolean;

  constructor(code: AccountErrorCode, facts: AccountErrorFacts) {
    const entry = ACCOUNT_ERROR_CODES[code];
    const message = `${facts.operation} to "${facts.marketplace}": ${facts.message ?? entry.meaning}`;
    super(entry, code, { ...facts, message });
    this.operation = facts.operation;
    this.status = facts.status ?? null;
    this.fields = facts.fields ?? {};
    this.requestId = facts.requestId ?? null;
    this.attempts = facts.attempts ?? 0;
    this.sent = facts.sent ?? (this.status === null ? 'no' : 'yes');
    this.fromApi = facts.fromApi ?? false;
  }
}

/** Status 401. */
export class MaestranoAuthenticationError extends MaestranoAccountError {}

/** Rejected because of what was asked: by the marketplace, or by our own rules before anything was sent. */
export class MaestranoInvalidRequestError extends MaestranoAccountError {}

/** The identifier is unknown: status 404, or `id does not exist` with any status. */
export class MaestranoNotFoundError extends MaestranoInvalidRequestError {}

/** Status 429. */
export class MaestranoRateLimitError extends MaestranoAccountError {
  /** Milliseconds that the server asked to wait; null when it did not say. */
  readonly retryAfterMs: number | null;

  constructor(code: AccountErrorCode, facts: AccountErrorFacts & { readonly retryAfterMs: number | null }) {
    super(code, facts);
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** The marketplace failed, or did not respond as the Account API does. */
export class MaestranoApiError extends MaestranoAccountError {}

/**
 * A charge was not made by `createOnce`, or not settled. By `code`:
 *
 * - `account.undecided`: after an ambiguous failure the marketplace's list did not tell whether the charge exists. Nothing
 *   more was sent. Call `createOnce` again later with the same key, or decide with `settleOnce`.
 * - `account.keyConflict`: the key was used before for a charge with other contents.
 * - `account.inProgress`: another call, perhaps in another process, is creating the same charge and did not finish in time.
 */
export class MaestranoCreationError extends MaestranoAccountError {
  declare readonly code: CreationErrorCode;
  /**
   * Of `account.undecided`: ids of charges that may be the one, which are of the group, of the same price, new, and of no
   * other key. Empty: none yet, but the request may still be on its way.
   */
  readonly candidates: readonly string[];

  constructor(
    code: CreationErrorCode,
    facts: AccountErrorFacts & { readonly candidates?: readonly string[] },
  ) {
    super(code, facts);
    this.candidates = facts.candidates ?? [];
  }
}

/**
 * The store failed while a charge was made once; `cause` is its error. Call `createOnce` again with the same key when
 * the store is back: it goes on from what is remembered.
 */
export class MaestranoCreationStoreError extends MaestranoStoreError {
  /** Route template such as `POST account/bills`. */
  readonly operation: string;
  /** How far any request of this key got: after `no` nothing was charged. */
  readonly sent: RequestSent;

  constructor(
    code: StoreErrorCode,
    facts: StoreErrorFacts & { readonly operation: string; readonly sent: RequestSent },
  ) {
    super(code, facts);
    this.operation = facts.operation;
    this.sent = facts.sent;
  }
}

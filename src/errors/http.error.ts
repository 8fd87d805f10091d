import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Codes of everything that can go wrong between here and a server (protocol §8.4, §9.10), with their meaning. */
export const HTTP_ERROR_CODES = {
  'http.connection': { meaning: 'No connection, or it broke before the answer was complete.' },
  'http.tls': { meaning: 'The server could not prove its identity.' },
  'http.timeout': { meaning: 'One attempt took longer than its timeout, and no further one was allowed.' },
  'http.deadline': { meaning: 'All attempts together took longer than the deadline.' },
  'http.aborted': { meaning: "The caller's signal ended the call, or the application is shutting down." },
  'http.circuitOpen': { meaning: 'The server failed repeatedly: calls are stopped for a while.' },
  'http.busy': { meaning: 'Too many calls to this server are running and waiting.' },
  'http.responseTooLarge': { meaning: 'The answer is larger than allowed.' },
  'http.request': {
    meaning:
      'The call itself is not acceptable: a full URL, a path with odd characters, a body that is no JSON.',
  },
  'http.interceptor': {
    meaning: 'An interceptor of the application threw, did not return, or changed what none may change.',
  },
  'http.configure': { meaning: 'The http.configure option threw or returned a promise; nothing was sent.' },
} as const satisfies ErrorTable;

export type HttpErrorCode = keyof typeof HTTP_ERROR_CODES;

/** How far a request got: `no` proves that the server never saw it, `yes` that it began to answer. */
export type RequestSent = 'no' | 'maybe' | 'yes';

/** What is known of a call that failed. */
export interface HttpErrorFacts extends MaestranoErrorFacts {
  /** The marketplace, or `developer-platform`. */
  readonly marketplace: string;
  /** Route template such as `GET account/bills/:id`. */
  readonly operation: string;
  readonly attempts: number;
  readonly sent: RequestSent;
  readonly requestId?: string | null;
}

/**
 * A call that brought no usable answer. `sent` decides what may follow: after `no` a charge can safely be repeated,
 * after anything else it must be looked up first. Never holds credentials, URLs with ids, or an AxiosError.
 */
export class MaestranoHttpError extends MaestranoError {
  declare readonly code: HttpErrorCode;
  /** Route template such as `GET account/bills/:id`. */
  readonly operation: string;
  /** Attempts made, including those that were never sent. */
  readonly attempts: number;
  readonly sent: RequestSent;
  /** The server's id of the request, when it answered with one. */
  readonly requestId: string | null;

  constructor(code: HttpErrorCode, facts: HttpErrorFacts) {
    const entry = HTTP_ERROR_CODES[code];
    const message = `${facts.operation} to "${facts.marketplace}": ${facts.message ?? entry.meaning}`;
    super(entry, code, { ...facts, message });
    this.operation = facts.operation;
    this.attempts = facts.attempts;
    this.sent = facts.sent;
    this.requestId = facts.requestId ?? null;
  }
}

/** No connection, a broken one, or a server that could not prove its identity. */
export class MaestranoConnectionError extends MaestranoHttpError {}

/** No answer in time. */
export class MaestranoTimeoutError extends MaestranoHttpError {}

/** The caller's signal ended the call, or the application is shutting down. */
export class RequestAbortedError extends MaestranoHttpError {}

/** The server failed repeatedly; nothing was sent. */
export class CircuitOpenError extends MaestranoHttpError {}

/** Too many calls are running and waiting; nothing was sent. */
export class ConcurrencyLimitError extends MaestranoHttpError {}

/** The answer was larger than allowed; the connection was closed. */
export class ResponseTooLargeError extends MaestranoHttpError {}

/** The call is not acceptable; nothing was sent. */
export class HttpRequestError extends MaestranoHttpError {}

/**
 * What the application added to the axios instance stopped the call. `sent` says when: `no` before anything was
 * sent, `yes` after the response had come, so that a charge must be looked up before it is repeated.
 */
export class HttpInterceptorError extends MaestranoHttpError {}

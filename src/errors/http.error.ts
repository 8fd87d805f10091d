import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Codes of everything that can go wrong between here and a server (protocol §8.4, §9.10), with their meaning. */
export const HTTP_ERROR_CODES = {
  'http.connection': {
    meaning: 'No connection, or it broke before the response was complete.',
    remedy: 'Check the configured host, and that this machine may reach it.',
  },
  'http.tls': {
    meaning: 'The server could not prove its identity.',
    remedy: 'Check the configured host; name a private certificate authority in the http.ca option.',
  },
  'http.timeout': {
    meaning: 'No response in time, and no further attempt was allowed.',
    remedy: 'Raise http.timeoutMs when the server is known to be slow.',
  },
  'http.deadline': {
    meaning: 'No response before the deadline of all attempts together.',
    remedy: 'Raise http.deadlineMs when waiting longer makes sense.',
  },
  'http.aborted': { meaning: 'Ended by the signal of its caller, or by the shutdown of the application.' },
  'http.circuitOpen': {
    meaning: 'Calls are stopped for a while, because the server failed repeatedly.',
    remedy: 'Nothing was sent; try again later.',
  },
  'http.busy': {
    meaning: 'Too many calls to this server are running and waiting.',
    remedy: 'Nothing was sent; start fewer at once, or raise http.maxConcurrent and http.maxQueued.',
  },
  'http.responseTooLarge': {
    meaning: 'The response is larger than allowed.',
    remedy: 'Ask for less at once.',
  },
  'http.request': {
    meaning:
      'The call itself is not acceptable: a full URL, a path with odd characters, a body that is no JSON.',
  },
  'http.interceptor': {
    meaning: 'An interceptor of http.configure stopped the call.',
    remedy:
      'Interceptors may add headers, choose a proxy, look, and throw; "sent" says whether the request left.',
  },
  'http.configure': {
    meaning: 'The http.configure option threw, returned a promise or set an adapter.',
    remedy: 'Nothing was sent; the log says where it threw.',
  },
} as const satisfies ErrorTable;

export type HttpErrorCode = keyof typeof HTTP_ERROR_CODES;

/** How far a request got: `no` proves that the server never saw it, `yes` that it began to respond. */
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
 * A call that brought no usable response; `code` says why (docs/troubleshooting.md). `sent` decides what may follow:
 * after `no` a charge can safely be repeated, after anything else it must be looked up first. Never holds credentials,
 * URLs with ids, or an AxiosError.
 */
export class MaestranoHttpError extends MaestranoError {
  declare readonly code: HttpErrorCode;
  /** Route template such as `GET account/bills/:id`. */
  readonly operation: string;
  /** Attempts made, including those that were never sent. */
  readonly attempts: number;
  readonly sent: RequestSent;
  /** The server's id of the request, when it responded with one. */
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

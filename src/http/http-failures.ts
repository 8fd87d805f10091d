import {
  CircuitOpenError,
  ConcurrencyLimitError,
  type HttpErrorCode,
  HttpInterceptorError,
  MaestranoConnectionError,
  type MaestranoHttpError,
  MaestranoTimeoutError,
  RequestAbortedError,
  type RequestSent,
  ResponseTooLargeError,
} from '../errors/http.error.js';
import { type AttemptFailureKind, AttemptFailure } from './http-attempt.js';
import type { LimiterRejection } from './http-limiter.js';
import { requestIdOf } from './http-messages.js';
import type { HttpCall, HttpTarget } from './http.types.js';

interface FailureText {
  readonly type: new (...parameters: ConstructorParameters<typeof MaestranoHttpError>) => MaestranoHttpError;
  readonly message: string;
  readonly remedy?: string;
}

const FAILURES: Readonly<Record<AttemptFailureKind | LimiterRejection, FailureText>> = {
  connection: {
    type: MaestranoConnectionError,
    message: 'no connection, or it broke before the response was complete',
    remedy: 'Check the configured host, and that this machine may reach it.',
  },
  tls: {
    type: MaestranoConnectionError,
    message: 'the server could not prove its identity',
    remedy: 'Check the configured host; name a private certificate authority in the http.ca option.',
  },
  timeout: {
    type: MaestranoTimeoutError,
    message: 'no response in time',
    remedy: 'Raise http.timeoutMs when the server is known to be slow.',
  },
  deadline: {
    type: MaestranoTimeoutError,
    message: 'no response before the deadline',
    remedy: 'Raise http.deadlineMs when waiting longer makes sense.',
  },
  aborted: { type: RequestAbortedError, message: 'ended by its caller or by the shutdown' },
  responseTooLarge: {
    type: ResponseTooLargeError,
    message: 'the response is larger than allowed',
    remedy: 'Ask for less at once.',
  },
  interceptor: {
    type: HttpInterceptorError,
    message: 'an interceptor of http.configure stopped it',
    remedy:
      'Interceptors may add headers, choose a proxy, look, and throw; "sent" says whether the request left.',
  },
  configure: {
    type: HttpInterceptorError,
    message: 'http.configure failed',
    remedy: 'Nothing was sent; the log says where it threw.',
  },
  circuitOpen: {
    type: CircuitOpenError,
    message: 'calls are stopped for a while, because the server failed repeatedly',
    remedy: 'Nothing was sent; try again later.',
  },
  busy: {
    type: ConcurrencyLimitError,
    message: 'too many calls are running and waiting',
    remedy: 'Nothing was sent; start fewer at once, or raise http.maxConcurrent and http.maxQueued.',
  },
};

/** The stable code of a failure. */
export function failureCode(failure: AttemptFailure | LimiterRejection): HttpErrorCode {
  return `http.${failure instanceof AttemptFailure ? failure.kind : failure}`;
}

/** The typed error of a call that ended with this failure. `sent` is the furthest that any of its attempts got. */
export function toHttpError(
  failure: AttemptFailure | LimiterRejection,
  target: HttpTarget,
  call: HttpCall,
  attempts: number,
  sent: RequestSent,
): MaestranoHttpError {
  const kind = failure instanceof AttemptFailure ? failure.kind : failure;
  const { reason = null, response = null } = failure instanceof AttemptFailure ? failure : {};
  const { type: ErrorType, message, remedy } = FAILURES[kind];
  return new ErrorType(`http.${kind}`, {
    message: `${message}${reason === null ? '' : ` (${reason})`}.`,
    marketplace: target.name,
    operation: call.operation,
    attempts,
    sent,
    requestId: response && requestIdOf(response.headers),
    remedy,
  });
}

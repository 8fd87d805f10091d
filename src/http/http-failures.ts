import {
  HTTP_ERROR_CODES,
  type HttpErrorCode,
  MaestranoHttpError,
  type RequestSent,
} from '../errors/http.error.js';
import { AttemptFailure } from './http-attempt.js';
import type { LimiterRejection } from './http-limiter.js';
import { requestIdOf } from './http-messages.js';
import type { HttpCall, HttpTarget } from './http.types.js';

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
  const code = failureCode(failure);
  const { reason = null, response = null } = failure instanceof AttemptFailure ? failure : {};
  const meaning = HTTP_ERROR_CODES[code].meaning.replace(/\.$/, '');
  return new MaestranoHttpError(code, {
    message: reason === null ? undefined : `${meaning} (${reason}).`,
    marketplace: target.name,
    operation: call.operation,
    attempts,
    sent,
    requestId: response && requestIdOf(response.headers),
  });
}

import { HttpException } from '@nestjs/common';

import { MaestranoError } from '../errors/maestrano.error.js';

/** Seconds after which a caller may try again what ended with 503. */
const RETRY_AFTER_S = 5;

/**
 * What an application's exception filters see: a status, the stable code and nothing of the inside. Errors that are
 * not ours pass through as they are, and end as the application's filters decide.
 */
export function toHttpException(error: unknown): unknown {
  if (!(error instanceof MaestranoError)) return error;
  const status = error.httpStatus;
  const message = status < 500 ? error.message : 'The request could not be completed.';
  return new HttpException({ statusCode: status, error: message, code: error.code }, status, {
    cause: error,
  });
}

/** The `Retry-After` of a response to this error, in seconds; null where it needs none. */
export function retryAfterOf(error: unknown): string | null {
  return error instanceof MaestranoError && error.httpStatus === 503 ? String(RETRY_AFTER_S) : null;
}

import {
  MaestranoAccountError,
  MaestranoApiError,
  MaestranoAuthenticationError,
  MaestranoInvalidRequestError,
  MaestranoRateLimitError,
} from '../../errors/account.error.js';
import { MaestranoHttpError, type RequestSent } from '../../errors/http.error.js';

/**
 * Whether the server may have carried out, or may yet carry out, what failed like this. A rejection counts when the
 * Account API itself said it: without its envelope, a proxy may speak of a request that it handed on.
 */
export function isAmbiguous(error: unknown): boolean {
  if (error instanceof MaestranoHttpError) return error.sent !== 'no';
  const isRejection =
    error instanceof MaestranoAuthenticationError ||
    error instanceof MaestranoInvalidRequestError ||
    error instanceof MaestranoRateLimitError;
  // What we rejected ourselves has no status: it was never sent.
  return !(isRejection && (error.fromApi || error.status === null));
}

/** How far a request got that failed with an error which leaves it open. */
export function sentOf(error: unknown): RequestSent {
  const isKnown = error instanceof MaestranoHttpError || error instanceof MaestranoAccountError;
  return isKnown && error.sent === 'yes' ? 'yes' : 'maybe';
}

/** Whether the server is done with the request: field messages come from the application behind all proxies. */
export function isDone(error: unknown): boolean {
  return error instanceof MaestranoApiError && error.fromApi && Object.keys(error.fields).length > 0;
}

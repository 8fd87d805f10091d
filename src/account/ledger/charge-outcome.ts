import {
  ApiError,
  AuthenticationError,
  InvalidRequestError,
  RateLimitError,
} from '../../errors/account.error.js';
import { MaestranoHttpError } from '../../errors/http.error.js';

/** Whether the server may have carried out, or may yet carry out, what failed like this. */
export function isAmbiguous(error: unknown): boolean {
  if (error instanceof MaestranoHttpError) return error.sent !== 'no';
  return !(
    error instanceof AuthenticationError ||
    error instanceof InvalidRequestError ||
    error instanceof RateLimitError
  );
}

/** Whether the server is done with the request: field messages come from the application behind all proxies. */
export function isAnswered(error: unknown): boolean {
  return error instanceof ApiError && Object.keys(error.fields).length > 0;
}

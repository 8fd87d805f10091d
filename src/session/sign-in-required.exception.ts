import { HttpException, HttpStatus } from '@nestjs/common';

import { SESSION_ERROR_CODES } from '../errors/session.error.js';
import type { SessionRejection } from './session.service.js';

/**
 * Nobody is signed in, or not any more. An `HttpException`, so that the application's exception filters see it: 302
 * for a page, with the `Location` header already on the response; 401 for everything else.
 */
export class MaestranoSignInRequiredException extends HttpException {
  constructor(
    /** Why, such as `session.ended`. */
    readonly code: SessionRejection,
    /** Where signing in begins; null when no marketplace can be named. */
    readonly signInUrl: string | null,
    redirects: boolean,
  ) {
    const statusCode = redirects ? HttpStatus.FOUND : HttpStatus.UNAUTHORIZED;
    super({ statusCode, error: SESSION_ERROR_CODES[code].meaning, code, signInUrl }, statusCode);
  }
}

import { MaestranoError } from './maestrano.error.js';

/** Codes of sign-ons that end for another reason than a failed check. */
export const SIGN_ON_ERROR_CODES = {
  'sso.denied': 'The application does not let this person in.',
  'sso.disabled': 'Sign-on is switched off for this marketplace.',
} as const;

/**
 * Throw it from an adapter to keep a person out: no session begins, and the browser gets the page for denied logins
 * with status 403.
 */
export class LoginDeniedError extends MaestranoError {
  readonly httpStatus = 403;
  /** Shown to the person; null for the general text. */
  readonly reason: string | null;

  /** @param reason one sentence for the person, without personal values of others. */
  constructor(reason?: string) {
    super('The application denied the login.', { code: 'sso.denied' });
    this.reason = reason ?? null;
  }
}

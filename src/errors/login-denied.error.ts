import { type ErrorTable, MaestranoError } from './maestrano.error.js';

/** Codes of logins that end for another reason than a failed check. */
export const LOGIN_DENIED_ERROR_CODES = {
  'sso.denied': { meaning: 'The application does not let this person in.', httpStatus: 403 },
  'sso.disabled': { meaning: 'SSO is switched off for this marketplace.' },
} as const satisfies ErrorTable;

/**
 * Throw it from an adapter to keep a person out: no session begins, and the browser gets the page for denied logins
 * with status 403. Made by applications, so it takes the one thing that they have to say.
 *
 * ```ts
 * if (company.isSuspended) throw new MaestranoLoginDeniedError('Your company is suspended; please call us.');
 * ```
 */
export class MaestranoLoginDeniedError extends MaestranoError {
  /** Shown to the person; null for the general text. */
  readonly reason: string | null;

  /** @param reason one sentence for the person, without personal values of others. */
  constructor(reason?: string) {
    super(LOGIN_DENIED_ERROR_CODES['sso.denied'], 'sso.denied', {
      message: 'The application denied the login.',
    });
    this.reason = reason ?? null;
  }
}

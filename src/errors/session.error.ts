import { MaestranoError, type MaestranoErrorOptions } from './maestrano.error.js';

/** Codes of sessions: of {@link SessionError}, and of the rejections of the session guard (protocol §4.11). */
export const SESSION_ERROR_CODES = {
  'session.secret': 'The secret that seals the session cookie is missing or too short.',
  'session.noStorage':
    "Sessions are to be kept in the application's session, and there is none on the request.",
  'session.tooLarge': 'The session does not fit into a cookie.',
  'session.none': 'Nobody is signed in.',
  'session.expired': 'The login is older than the longest time a session may last.',
  'session.removed': 'The person or the company was removed by the marketplace after this login.',
  'session.ended': 'The marketplace says that the session is over.',
  'session.unreachable': 'The marketplace could not be asked, and the time of grace is over.',
} as const;

export type SessionErrorCode = keyof typeof SESSION_ERROR_CODES;

/** A session cannot be kept as configured. */
export class SessionError extends MaestranoError {
  declare readonly code: SessionErrorCode;

  constructor(message: string, options: MaestranoErrorOptions & { readonly code: SessionErrorCode }) {
    super(message, options);
  }
}

import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Codes of sessions: of {@link MaestranoSessionError}, and of the rejections of the session guard (protocol §4.11). */
export const SESSION_ERROR_CODES = {
  'session.secret': { meaning: 'The secret that seals the session cookie is missing in production.' },
  'session.noStorage': {
    meaning: "Sessions are to be kept in the application's session, and there is none on the request.",
  },
  'session.tooLarge': { meaning: 'The session does not fit into a cookie.' },
  'session.notSaved': {
    meaning: "The store of the application's sessions did not keep the session.",
    remedy: 'Look at the store of the session middleware; signing in again works once it responds.',
    httpStatus: 503,
  },
  'session.lost': {
    meaning: 'A session began, and the browser came back without it.',
    remedy: 'See that the cookie of the session reaches the browser and comes back from it.',
  },
  'session.none': { meaning: 'Nobody is signed in.' },
  'session.expired': { meaning: 'The login is older than the longest time a session may last.' },
  'session.removed': {
    meaning: 'The person or the company was removed by the marketplace after this login.',
  },
  'session.ended': { meaning: 'The marketplace says that the session is over.' },
  'session.unreachable': { meaning: 'The marketplace could not be asked, and the time of grace is over.' },
} as const satisfies ErrorTable;

export type SessionErrorCode = keyof typeof SESSION_ERROR_CODES;

/** A session cannot be kept as configured. */
export class MaestranoSessionError extends MaestranoError {
  declare readonly code: SessionErrorCode;

  constructor(code: SessionErrorCode, facts: MaestranoErrorFacts = {}) {
    super(SESSION_ERROR_CODES[code], code, facts);
  }
}

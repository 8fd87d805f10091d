import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Why the operator console did not do what it was asked. */
export const CONSOLE_ERROR_CODES = {
  'console.person': {
    meaning: 'The console does not know who asks.',
    remedy: 'The roles option must return a name and roles for everybody whom the guard lets in.',
    httpStatus: 403,
  },
  'console.role': { meaning: 'The role that this needs is missing.', httpStatus: 403 },
  'console.form': {
    meaning: 'The form is not from a page of this console, or the page was opened too long ago.',
    remedy: 'Open the page again and repeat the action.',
    httpStatus: 403,
  },
  'console.input': { meaning: 'The form lacks something.', httpStatus: 400 },
  'console.changed': {
    meaning: 'What was to be acted on has changed since the page was opened.',
    remedy: 'Look at the page again, then decide.',
    httpStatus: 409,
  },
  'console.unknown': { meaning: 'There is nothing under this address.', httpStatus: 404 },
  'console.audit': {
    meaning: 'The audit log cannot be written, and without it nothing is done.',
    remedy: 'See whether the store responds.',
    httpStatus: 503,
  },
} as const satisfies ErrorTable;

/** A code of {@link MaestranoConsoleError}. */
export type ConsoleErrorCode = keyof typeof CONSOLE_ERROR_CODES;

/** Something that the operator console refused or could not do. */
export class MaestranoConsoleError extends MaestranoError {
  declare readonly code: ConsoleErrorCode;

  constructor(code: ConsoleErrorCode, facts: MaestranoErrorFacts = {}) {
    super(CONSOLE_ERROR_CODES[code], code, facts);
  }
}

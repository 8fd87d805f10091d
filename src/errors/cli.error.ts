import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Every code of {@link CliError} with its meaning. */
export const CLI_ERROR_CODES = {
  'cli.usage': { meaning: 'The command does not understand its arguments.' },
  'cli.file': { meaning: 'A file cannot be read or written.' },
  'cli.format': { meaning: 'A file is in none of the formats of the official SDKs.' },
  'cli.parser': { meaning: 'The package that parses a file is not installed.' },
  'cli.nothing': { meaning: 'The files hold no configuration.' },
  'cli.exists': { meaning: 'A file to be written exists already with other content.' },
  'cli.sandbox': { meaning: 'No sandbox runs where a command looks for it, or a login there went astray.' },
  'cli.server': { meaning: 'The database or the Redis that a command works on cannot be reached.' },
  'cli.application': {
    meaning: 'The application that a command works on cannot be found, loaded or changed.',
  },
} as const satisfies ErrorTable;

/** What {@link CliError.code} can be. */
export type CliErrorCode = keyof typeof CLI_ERROR_CODES;

/** A command of the command line cannot do what it was asked to. */
export class CliError extends MaestranoError {
  declare readonly code: CliErrorCode;

  constructor(code: CliErrorCode, facts: MaestranoErrorFacts) {
    super(CLI_ERROR_CODES[code], code, facts);
  }
}

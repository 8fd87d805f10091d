import { CommanderError } from 'commander';

import { CliError } from '../errors/cli.error.js';
import { MaestranoError } from '../errors/maestrano.error.js';
import { errorCode } from '../utils/error-code.js';
import { isRecord } from '../utils/values.js';
import type { CliIo } from './cli-io.js';
import { paint } from './paint.js';

/** Exit code of a command whose arguments are not understood. */
const USAGE = 2;
/** Characters of a message that are shown: an argument may be a whole file. */
const MAX_TEXT = 4_000;

/**
 * Reports why a command failed, in one line of standard error. An error that is not ours is reported by its message
 * alone: stacks are of no use to the reader.
 *
 * @returns the exit code: 2 for arguments that are not understood, 1 for everything else.
 */
export function reportFailure(io: CliIo, error: unknown): number {
  if (error instanceof MaestranoError) {
    io.err(`${paint(io, 'red', printable(error.message), 'err')} [${error.code}]\n`);
    return error instanceof CliError && error.code === 'cli.usage' ? USAGE : 1;
  }
  io.err(`${paint(io, 'red', printable(reasonOf(error)), 'err')}\n`);
  return 1;
}

/** What the library says of arguments, as an error of ours. */
export function usageError(error: CommanderError, command: string): CliError {
  const [sentence = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const message = sentence.replace(/\.$/, '');
  return new CliError('cli.usage', {
    message: `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
    remedy: [suggestion.replace(/^\((.*)\)$/, '$1'), `See ${command} --help.`].filter(Boolean).join(' '),
  });
}

/** A text for a terminal: arguments may hold anything, the control characters of one among it. */
function printable(text: string): string {
  const clean = text.replace(/[^\P{C}\n]/gu, '\u{FFFD}');
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}…` : clean;
}

/** What somebody else's error says. Attempts to connect fail several at once, without a text of their own. */
export function reasonOf(error: unknown): string {
  if (!isRecord(error)) return String(error);
  const { message, errors } = error;
  if (typeof message === 'string' && message !== '') return message;
  if (Array.isArray(errors) && errors.length > 0) return errors.map((one) => reasonOf(one)).join('; ');
  return errorCode(error) ?? 'It failed without a reason.';
}

import { CliError } from '../errors/cli.error.js';
import { MaestranoError } from '../errors/maestrano.error.js';
import { errorCode } from '../utils/error-code.js';
import type { CliIo } from './cli-io.js';

/**
 * Runs a command's work and reports its failure in one line: exit code 2 for arguments that are not understood, 1 for
 * everything else. An error that is not ours is reported by its message alone: stacks are of no use to the reader.
 */
export async function runCommand(io: CliIo, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MaestranoError) {
      io.err(`${error.message} [${error.code}]\n`);
      return error instanceof CliError && error.code === 'cli.usage' ? 2 : 1;
    }
    const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
    io.err(`${String(message)}\n`);
    return errorCode(error)?.startsWith('ERR_PARSE_ARGS_') ? 2 : 1;
  }
}

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

import { CliError } from '../errors/cli.error.js';
import { errorCode } from '../utils/error-code.js';
import type { CliIo } from './cli-io.js';

/**
 * The environment of a command: its own variables, then those of the files, a later one winning. Without files that are
 * named, `.env` of the working directory counts where there is one.
 *
 * @throws CliError `cli.file` when a file that is named cannot be read
 */
export function withEnvironmentFiles(io: CliIo, named: readonly string[] | undefined): CliIo {
  const added: Record<string, string | undefined> = {};
  for (const name of named ?? ['.env']) {
    const text = textOf(resolve(io.cwd, name), name, named !== undefined);
    if (text !== null) Object.assign(added, parseEnv(text));
  }
  return { ...io, env: { ...added, ...definedOf(io.env) } };
}

function definedOf(env: CliIo['env']): CliIo['env'] {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
}

function textOf(path: string, name: string, isNeeded: boolean): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    // A folder of that name is a virtual environment of Python, mostly.
    if (!isNeeded && (code === 'ENOENT' || code === 'EISDIR')) return null;
    throw new CliError('cli.file', {
      message: `${name} cannot be read (${code ?? 'unknown reason'}).`,
      remedy: isNeeded
        ? 'Name a file with --env-file.'
        : 'Check its permissions, or name another with --env-file.',
    });
  }
}

import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

import { CliError } from '../errors/cli.error.js';
import { errorCode } from '../utils/error-code.js';

/** A file that a command wants to be there. */
export interface PlannedFile {
  readonly path: string;
  readonly text: string;
  /** Permissions; the process's default when absent. */
  readonly mode?: number;
}

/** What became of it. */
export interface FileOutcome {
  readonly path: string;
  readonly outcome: 'created' | 'unchanged' | 'overwritten';
}

/**
 * Writes files all or none: a file with other content stops the whole, unless `force`. Running it twice changes
 * nothing.
 *
 * @throws CliError `cli.exists`, `cli.file`
 */
export async function writeFiles(files: readonly PlannedFile[], force: boolean): Promise<FileOutcome[]> {
  const present = await Promise.all(files.map(({ path }) => textOf(path)));
  const conflicts = files.filter(({ text }, index) => present[index] !== null && present[index] !== text);
  if (conflicts.length > 0 && !force) {
    throw new CliError('cli.exists', {
      message: `${conflicts.map(({ path }) => basename(path)).join(' and ')} exists already with other content.`,
      remedy:
        'Nothing was written. Move it away, write to another directory with --out, or overwrite with --force.',
    });
  }
  const outcomes: FileOutcome[] = [];
  for (const [index, { path, text, mode }] of files.entries()) {
    const before = present[index];
    if (before !== text) await write(path, text, mode);
    outcomes.push({
      path,
      outcome: before === text ? 'unchanged' : before === null ? 'created' : 'overwritten',
    });
  }
  return outcomes;
}

async function write(path: string, text: string, mode: number | undefined): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, mode === undefined ? {} : { mode });
    // The mode above counts for new files only.
    if (mode !== undefined) await chmod(path, mode);
  } catch (error) {
    throw unusable(path, error);
  }
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): CliError {
  const reason = errorCode(error) ?? 'unknown reason';
  return new CliError('cli.file', {
    message: `${path} cannot be used (${reason}).`,
    remedy: 'Check the path and its permissions.',
  });
}

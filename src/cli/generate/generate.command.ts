import { mkdir, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

import { Option } from 'commander';

import { CliError } from '../../errors/cli.error.js';
import { errorCode } from '../../utils/error-code.js';
import { CliCommand, type CommonOptions } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { paint } from '../paint.js';
import { unifiedDifference } from './difference.js';
import { type FileChange, type IntegrationPlan, planIntegration } from './integration-plan.js';
import { describeAdvice, NEXT_STEPS } from './next-steps.js';
import { ORM_NAMES, type OrmName } from './orm/orm.js';
import { SESSION_KINDS, type SessionKind } from './templates.js';
import { loadTypeScript } from './typescript.js';

interface GenerateOptions extends CommonOptions {
  readonly dir: string;
  readonly module?: string;
  readonly class?: string;
  readonly main: string;
  readonly session: SessionKind;
  readonly orm?: OrmName;
  readonly dryRun?: boolean;
}

/** The `generate` command. */
export function generateCommand(io: CliIo): CliCommand {
  return new CliCommand('generate', io)
    .description(
      "Writes the two adapters and a module that registers the marketplaces, and adds that module to the application's. A file that is there already is kept as it is, so running it again changes nothing. Looks at the main file and prints the lines that it needs for a global prefix, guards, CSRF protection, the cookie of a session, and Passport.",
    )
    .option('--dir <dir>', 'where the adapters go', 'src/maestrano')
    .option(
      '--module <file>',
      "the application's root module (the one that the main file starts, or src/app.module.ts)",
    )
    .option('--class <name>', 'its class, where the file has several modules')
    .option('--main <file>', 'the file that starts the application', 'src/main.ts')
    .addOption(
      new Option('--session <kind>', 'own: our session alone; passport: signs people in to Passport as well')
        .choices(SESSION_KINDS)
        .default('own'),
    )
    .addOption(
      new Option(
        '--orm <name>',
        'adapters and store on your database by this library (adapters in memory)',
      ).choices(ORM_NAMES),
    )
    .option('--dry-run', 'print the difference, and write nothing')
    .does<GenerateOptions>(async (at, options) => {
      const local = (path: string): string => relative(at.cwd, resolve(at.cwd, path)).split(sep).join('/');
      // Before anything is written: a module that cannot be wired leaves the application untouched.
      const plan = planIntegration(
        loadTypeScript([at.cwd, import.meta.dirname]),
        (path) => textOf(join(at.cwd, path), path),
        {
          directory: local(options.dir),
          module: options.module === undefined ? null : local(options.module),
          className: options.class ?? null,
          main: local(options.main),
          session: options.session,
          orm: options.orm ?? null,
        },
      );
      const isDry = options.dryRun ?? false;
      if (!isDry) for (const change of plan.files) await write(at.cwd, change);
      if (options.json) at.out(`${JSON.stringify(reportOf(plan, isDry), null, 2)}\n`);
      else if (isDry) showDifference(at, plan);
      else showOutcome(at, plan);
      return 0;
    });
}

function outcomeOf({ before, after }: FileChange): 'created' | 'kept' | 'changed' {
  if (before === null) return 'created';
  return before === after ? 'kept' : 'changed';
}

function reportOf({ files, advice }: IntegrationPlan, isDry: boolean): object {
  return {
    written: !isDry,
    files: files.map((change) => ({ path: change.path, outcome: outcomeOf(change) })),
    advice,
  };
}

function showDifference(io: CliIo, { files, advice }: IntegrationPlan): void {
  const changes = files.filter((change) => outcomeOf(change) !== 'kept');
  for (const { path, before, after } of changes) io.out(coloured(io, unifiedDifference(path, before, after)));
  io.out(describeAdvice(advice));
  io.out(`\nNothing was written (--dry-run)${changes.length === 0 ? '; nothing would change' : ''}.\n`);
}

/** A difference as version control shows it on a terminal. */
function coloured(io: CliIo, difference: string): string {
  if (!io.colours?.out) return difference;
  const paintLine = (line: string): string => {
    if (/^(?:---|\+\+\+) /.test(line)) return paint(io, 'bold', line);
    if (line.startsWith('+')) return paint(io, 'green', line);
    return line.startsWith('-') ? paint(io, 'red', line) : line;
  };
  return difference.split('\n').map(paintLine).join('\n');
}

function showOutcome(io: CliIo, { files, advice }: IntegrationPlan): void {
  for (const change of files) io.out(`${outcomeOf(change).padEnd(10)}${change.path}\n`);
  io.out(describeAdvice(advice));
  io.out(NEXT_STEPS);
}

function textOf(path: string, name: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw new CliError('cli.file', {
      message: `${name} cannot be read (${errorCode(error)}).`,
      remedy: 'Check its permissions.',
    });
  }
}

async function write(cwd: string, change: FileChange): Promise<void> {
  if (outcomeOf(change) === 'kept') return;
  const path = join(cwd, change.path);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, change.after);
  } catch (error) {
    throw new CliError('cli.file', {
      message: `${change.path} cannot be written (${errorCode(error)}).`,
      remedy: 'Check its permissions.',
    });
  }
}

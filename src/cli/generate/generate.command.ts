import { mkdir, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';

import { CliError } from '../../errors/cli.error.js';
import { errorCode } from '../../utils/error-code.js';
import type { CliIo } from '../cli-io.js';
import { runCommand } from '../command-runner.js';
import { unifiedDifference } from './difference.js';
import { type FileChange, type IntegrationPlan, planIntegration } from './integration-plan.js';
import { describeAdvice, NEXT_STEPS } from './next-steps.js';
import { sessionKindOf } from './templates.js';
import { loadTypeScript } from './typescript.js';

const USAGE = `Usage: nestjs-maestrano generate [options]

Writes the two adapters and a module that registers the marketplaces, and adds that module to the application's. A file
that is there already is kept as it is, so running it again changes nothing. Looks at the main file and prints the lines
that it needs for a global prefix, guards, CSRF protection and Passport.

Options:
  --dir DIR         where the adapters go (src/maestrano)
  --module FILE     the application's root module (the one that the main file starts, or src/app.module.ts)
  --class NAME      its class, where the file has several modules
  --main FILE       the file that starts the application (src/main.ts)
  --session KIND    own: our session alone; passport: an adapter that signs people in to Passport as well (own)
  --dry-run         print the difference, and write nothing
  --json            report as JSON
  -h, --help
`;

/** The `generate` command. */
export function run(argv: string[], io: CliIo): Promise<number> {
  return runCommand(io, async () => {
    const { values } = parseArgs({
      args: argv,
      options: {
        dir: { type: 'string', default: 'src/maestrano' },
        module: { type: 'string' },
        class: { type: 'string' },
        main: { type: 'string', default: 'src/main.ts' },
        session: { type: 'string', default: 'own' },
        'dry-run': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      io.out(USAGE);
      return 0;
    }
    const session = sessionKindOf(values.session);
    const local = (path: string): string => relative(io.cwd, resolve(io.cwd, path)).split(sep).join('/');
    // Before anything is written: a module that cannot be wired leaves the application untouched.
    const plan = planIntegration(
      loadTypeScript([io.cwd, import.meta.dirname]),
      (path) => textOf(join(io.cwd, path), path),
      {
        directory: local(values.dir),
        module: values.module === undefined ? null : local(values.module),
        className: values.class ?? null,
        main: local(values.main),
        session,
      },
    );
    const isDry = values['dry-run'];
    if (!isDry) for (const change of plan.files) await write(io.cwd, change);
    if (values.json) io.out(`${JSON.stringify(reportOf(plan, isDry), null, 2)}\n`);
    else if (isDry) showDifference(io, plan);
    else showOutcome(io, plan);
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
  for (const { path, before, after } of changes) io.out(unifiedDifference(path, before, after));
  io.out(describeAdvice(advice));
  io.out(`\nNothing was written (--dry-run)${changes.length === 0 ? '; nothing would change' : ''}.\n`);
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

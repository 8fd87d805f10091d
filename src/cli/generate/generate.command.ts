import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';

import { CliError } from '../../errors/cli.error.js';
import { errorCode } from '../../utils/error-code.js';
import type { CliIo } from '../cli-io.js';
import { runCommand } from '../command-runner.js';
import { wireModule } from './module-wiring.js';
import { INTEGRATION_MODULE, integrationFiles } from './templates.js';

const USAGE = `Usage: nestjs-maestrano generate [options]

Writes the two adapters and a module that registers the marketplaces, and adds that module to the application's. A file
that is there already is kept as it is, so running it again changes nothing.

Options:
  --dir DIR       where the adapters go (src/maestrano)
  --module FILE   the application's root module (src/app.module.ts)
  --dry-run       tell what would be done
  -h, --help
`;

/** The `generate` command. */
export function run(argv: string[], io: CliIo): Promise<number> {
  return runCommand(io, async () => {
    const { values } = parseArgs({
      args: argv,
      options: {
        dir: { type: 'string', default: 'src/maestrano' },
        module: { type: 'string', default: 'src/app.module.ts' },
        'dry-run': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      io.out(USAGE);
      return 0;
    }
    const folder = resolve(io.cwd, values.dir);
    const root = resolve(io.cwd, values.module);
    const suffix = (await isEsm(io.cwd)) ? '.js' : '';
    const source = await textOf(root);
    if (source === null) {
      throw new CliError('cli.application', {
        message: `${values.module} is not there.`,
        remedy: 'Name the root module with --module.',
      });
    }
    const target = relative(dirname(root), join(folder, `maestrano-integration.module${suffix}`))
      .split(sep)
      .join('/');
    // Before anything is written: a module that cannot be wired leaves the application untouched.
    const wired = wireModule(source, INTEGRATION_MODULE, target.startsWith('.') ? target : `./${target}`);
    const planned = [...integrationFiles(suffix)].map(([name, text]) => ({ path: join(folder, name), text }));
    const tell = (what: string, path: string): void =>
      io.out(`${what.padEnd(10)}${relative(io.cwd, path)}\n`);
    for (const { path, text } of planned) {
      const isThere = (await textOf(path)) !== null;
      if (!isThere && !values['dry-run']) await write(path, text);
      tell(isThere ? 'kept' : 'created', path);
    }
    if (wired !== source && !values['dry-run']) await write(root, wired);
    tell(wired === source ? 'unchanged' : 'changed', root);
    io.out(
      '\nNext: set MNO_DEVPL_ENV_KEY, MNO_DEVPL_ENV_SECRET and MAESTRANO_SESSION_SECRET (32 characters or more).\n',
    );
    return 0;
  });
}

/** Whether the application's own files are ES modules, whose relative imports end in `.js`. */
async function isEsm(cwd: string): Promise<boolean> {
  const manifest = await textOf(join(cwd, 'package.json'));
  try {
    return manifest !== null && (JSON.parse(manifest) as { type?: unknown }).type === 'module';
  } catch {
    throw new CliError('cli.application', {
      message: 'package.json is not JSON.',
      remedy: "Run the command in the application's directory.",
    });
  }
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw new CliError('cli.file', {
      message: `${path} cannot be read (${errorCode(error)}).`,
      remedy: 'Check its permissions.',
    });
  }
}

async function write(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  } catch (error) {
    throw new CliError('cli.file', {
      message: `${path} cannot be written (${errorCode(error)}).`,
      remedy: 'Check its permissions.',
    });
  }
}

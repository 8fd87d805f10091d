import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { CliError } from '../../errors/cli.error.js';
import { describeProblem } from '../../errors/configuration.error.js';
import { normaliseMarketplaces } from '../../marketplace/marketplace-normaliser.js';
import type { CliIo } from '../cli-io.js';
import { runCommand } from '../command-runner.js';
import { writeFiles } from '../file-writer.js';
import { writeConfiguration, writeEnvironment } from './config-writer.js';
import { importMarketplace, toInput } from './imported-marketplace.js';
import type { ImportedPlatform, ImportedSource, ImportNote } from './imported-source.js';
import { readSource } from './read-source.js';
import { COMMON_DIFFERENCES, SDK_DIFFERENCES } from './sdk-defaults.js';

const USAGE = `Usage: nestjs-maestrano import [options] <file ...>

Reads the configuration of an official SDK and writes ours: maestrano.config.ts without any secret, and
.env.maestrano (mode 0600) with the keys. Lists what the SDK did by default and we do not.

  .rb           Rails initializer              .yml     developer platform of the Ruby SDK
  .php          Maestrano::configure(...)      .json    the platform's response, maestrano.json, dev-platform.json
  .properties   Java SDK                       .config  Web.config of the .NET SDK

Options:
  --name NAME     marketplace of a file that names none (maestrano)
  --out DIR       directory to write to (.)
  --print         print the module instead of writing; the environment file is not shown
  --force         overwrite files that have other content
  --json          report as JSON
  -h, --help

MNO_DEVPL_* variables of the present environment are taken over as well.
`;

/** The `import` command (protocol §1.3, §1.8, §2.3). */
export function run(argv: string[], io: CliIo): Promise<number> {
  return runCommand(io, async () => {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        name: { type: 'string', default: 'maestrano' },
        out: { type: 'string', default: '.' },
        print: { type: 'boolean', default: false },
        force: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      io.out(USAGE);
      return 0;
    }
    const context = { env: io.env, defaultName: values.name };
    const sources = positionals.map((path) => readSource(path, io.cwd, context));
    const result = convert(sources, io);
    const from = sources.map(({ file }) => file);
    const written = writeConfiguration(
      result.marketplaces,
      result.platform,
      from.length > 0 ? from : ['MNO_DEVPL_*'],
    );
    if (values.print) io.out(written.module);
    else {
      const folder = resolve(io.cwd, values.out);
      const files = await writeFiles(
        [
          { path: join(folder, 'maestrano.config.ts'), text: written.module },
          { path: join(folder, '.env.maestrano'), text: writeEnvironment(written.environment), mode: 0o600 },
        ],
        values.force,
      );
      if (!values.json) for (const { path, outcome } of files) io.out(`${outcome.padEnd(10)}${path}\n`);
    }
    report(io, result, values.json);
    return result.problems.some(({ severity }) => severity === 'error') || result.unreadable.length > 0
      ? 1
      : 0;
  });
}

interface Conversion {
  readonly marketplaces: readonly ReturnType<typeof importMarketplace>[];
  readonly platform: ImportedPlatform | null;
  readonly notes: readonly (ImportNote & { readonly marketplace: string | null })[];
  readonly unreadable: readonly string[];
  readonly problems: ReturnType<typeof normaliseMarketplaces>['problems'];
}

function convert(sources: readonly ImportedSource[], { env }: CliIo): Conversion {
  const marketplaces = sources.flatMap(({ sdk, marketplaces: found }) =>
    [...found].map(([name, entry]) => importMarketplace(name, entry, sdk)),
  );
  const platform = mergePlatform(sources, env);
  if (marketplaces.length === 0 && !platform) {
    throw new CliError('cli.nothing', {
      message: 'No configuration was found.',
      remedy: 'Name the configuration file of your SDK.',
    });
  }
  const sdks = new Set(sources.map(({ sdk }) => sdk));
  const general = [...sdks].flatMap((sdk) => SDK_DIFFERENCES[sdk]);
  return {
    marketplaces,
    platform,
    notes: [
      ...marketplaces.flatMap(({ name, notes }) => notes.map((note) => ({ ...note, marketplace: name }))),
      ...[...general, ...COMMON_DIFFERENCES].map((note) => ({ ...note, marketplace: null })),
    ],
    unreadable: sources.flatMap(({ file, unreadable }) => unreadable.map((part) => `${file}, ${part}`)),
    problems: marketplaces.length === 0 ? [] : normaliseMarketplaces(marketplaces.map(toInput)).problems,
  };
}

/** The environment wins over files, as in all official SDKs but one (protocol §2.2). */
function mergePlatform(sources: readonly ImportedSource[], env: CliIo['env']): ImportedPlatform | null {
  const own: ImportedPlatform = {
    host: env['MNO_DEVPL_HOST'],
    apiPath: env['MNO_DEVPL_API_PATH'],
    name: env['MNO_DEVPL_ENV_NAME'],
    apiKey: env['MNO_DEVPL_ENV_KEY'],
    apiSecret: env['MNO_DEVPL_ENV_SECRET'],
  };
  const all = [...sources.flatMap(({ platform }) => (platform ? [platform] : [])), own];
  const merged: Record<string, string> = {};
  for (const platform of all) {
    for (const [key, value] of Object.entries(platform)) if (value) merged[key] = value as string;
  }
  return Object.keys(merged).length === 0 ? null : merged;
}

function report(io: CliIo, result: Conversion, json: boolean): void {
  const { notes, unreadable, problems } = result;
  if (json) {
    const names = result.marketplaces.map(({ name }) => name);
    io.out(`${JSON.stringify({ marketplaces: names, notes, unreadable, problems }, null, 2)}\n`);
    return;
  }
  const section = (title: string, lines: readonly string[]): void => {
    if (lines.length > 0) io.err(`\n${title}\n${lines.map((line) => `- ${line}\n`).join('')}`);
  };
  section(
    'Differences in defaults and behaviour',
    notes.map(
      ({ marketplace, subject, theirs, ours }) =>
        `${marketplace ? `"${marketplace}" ` : ''}${subject}: theirs: ${theirs}; ours: ${ours}`,
    ),
  );
  section('Not readable without running the application; complete by hand', unreadable);
  if (problems.length > 0)
    io.err(`\nCheck of the result\n${problems.map((problem) => `${describeProblem(problem)}\n`).join('')}`);
}

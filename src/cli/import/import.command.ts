import { join, resolve } from 'node:path';

import { CliError } from '../../errors/cli.error.js';
import { type ConfigurationProblem, describeProblem } from '../../errors/configuration.error.js';
import { normaliseMarketplaces } from '../../marketplace/marketplace-normaliser.js';
import { CliCommand, type CommonOptions } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { type FileOutcome, writeFiles } from '../file-writer.js';
import { paint } from '../paint.js';
import {
  type PlatformSettings,
  type WrittenConfiguration,
  writeConfiguration,
  writeEnvironment,
} from './config-writer.js';
import { constant, partsOf, type Value } from './evaluation/values.js';
import {
  hasParameters,
  type ImportedMarketplace,
  importMarketplace,
  type OpenParameter,
  presentValue,
  toInput,
} from './imported-marketplace.js';
import type { ImportedSource, ImportNote, PlatformParameter } from './imported-source.js';
import { readSource } from './read-source.js';
import { COMMON_DIFFERENCES, PRESET_PARAMETERS, SDK_DIFFERENCES } from './sdk-defaults.js';

const FORMATS = `
Formats:
  .rb           Rails initializer              .yml     developer platform of the Ruby SDK
  .php          Maestrano::configure(...)      .json    the platform's response, maestrano.json, dev-platform.json
  .properties   Java SDK                       .config  Web.config of the .NET SDK

Ruby, PHP and YAML are read with @ruby/prism, php-parser and yaml, which you install for the import. MNO_DEVPL_*
variables of the present environment are taken over as well.`;

interface ImportOptions extends CommonOptions {
  readonly name: string;
  readonly environment?: string;
  readonly out: string;
  readonly print?: boolean;
  readonly force?: boolean;
}

/** The `import` command (protocol §1.3, §1.8, §2.3). */
export function importCommand(io: CliIo): CliCommand {
  return new CliCommand('import', io)
    .description(
      'Reads the configuration of an official SDK and writes ours: maestrano.config.ts without any secret, and .env.maestrano (mode 0600) with the keys. Lists what the SDK did by default and we do not. What could not be read stays open in the module, which then does not load before it is filled in. With errors, nothing is written.',
    )
    .argument('[file...]', 'the configuration; none takes the MNO_DEVPL_* variables')
    .option('--name <name>', 'marketplace of a file that names none', 'maestrano')
    .option('--environment <name>', 'what Rails.env is (RAILS_ENV, or production)')
    .option('--out <dir>', 'directory to write to', '.')
    .option('--print', 'print the module instead of writing; the environment file is not shown')
    .option('--force', 'overwrite files that have other content')
    .addHelpText('after', FORMATS)
    .does<ImportOptions>(async (at, options, paths) => {
      const environment = options.environment ?? (at.env['RAILS_ENV'] || 'production');
      const context = { env: at.env, defaultName: options.name, environment, cwd: at.cwd };
      const sources: ImportedSource[] = [];
      for (const path of paths) sources.push(await readSource(path, context));
      const result = convert(sources, at, environment);
      const hasErrors = result.problems.some(({ severity }) => severity === 'error');
      let files: readonly FileOutcome[] = [];
      if (!hasErrors && options.print) at.out(result.written.module);
      else if (!hasErrors) {
        const folder = resolve(at.cwd, options.out);
        files = await writeFiles(
          [
            { path: join(folder, 'maestrano.config.ts'), text: result.written.module },
            {
              path: join(folder, '.env.maestrano'),
              text: writeEnvironment(result.written.environment),
              mode: 0o600,
            },
          ],
          options.force ?? false,
        );
      }
      report(at, result, files, options.json ?? false);
      return hasErrors || result.unreadable.length > 0 ? 1 : 0;
    });
}

interface Conversion {
  readonly marketplaces: readonly ImportedMarketplace[];
  readonly written: WrittenConfiguration;
  readonly notes: readonly (ImportNote & { readonly marketplace: string | null })[];
  readonly unreadable: readonly string[];
  readonly problems: readonly ConfigurationProblem[];
  /** What `Rails.env` was taken for, where it mattered. */
  readonly environment: string | null;
}

function convert(sources: readonly ImportedSource[], { env }: CliIo, environment: string): Conversion {
  const found = sources.flatMap((source) =>
    [...source.marketplaces].flatMap(([name, settings]) =>
      hasParameters(settings) ? [{ name, settings, source }] : [],
    ),
  );
  const marketplaces = found.map(({ name, settings, source }) =>
    importMarketplace(name, settings, source, found.length > 1),
  );
  const platform = mergePlatform(sources, env);
  requireSomething(sources, marketplaces, platform);
  const sdks = new Set(sources.map(({ sdk }) => sdk));
  const general = [...sdks].flatMap((sdk) => SDK_DIFFERENCES[sdk]);
  const from = sources.length > 0 ? sources.map(({ file }) => file) : ['MNO_DEVPL_*'];
  const written = writeConfiguration(marketplaces, platform, from, env);
  return {
    marketplaces,
    written,
    notes: [
      ...marketplaces.flatMap(({ name, notes }) => notes.map((note) => ({ ...note, marketplace: name }))),
      ...[...general, ...COMMON_DIFFERENCES].map((note) => ({ ...note, marketplace: null })),
    ],
    unreadable: [
      ...written.open,
      ...sources.flatMap(({ file, open }) =>
        open.map(({ line, what }) => `${file}${line === null ? '' : ` line ${line}`}: ${what}`),
      ),
    ],
    problems: check(marketplaces, env),
    environment: sources.some(({ usesEnvironment }) => usesEnvironment) ? environment : null,
  };
}

/** A file without anything of ours is a mistake of who named it. */
function requireSomething(
  sources: readonly ImportedSource[],
  marketplaces: readonly ImportedMarketplace[],
  platform: PlatformSettings | null,
): void {
  if (sources.length === 0 && !platform) {
    throw new CliError('cli.usage', {
      message: 'Neither a file nor an MNO_DEVPL_* variable is there to be imported.',
      remedy: 'Name the configuration file of your SDK; nestjs-maestrano import --help lists the kinds.',
    });
  }
  const isEmpty = (source: ImportedSource): boolean =>
    !source.platform && ![...source.marketplaces.values()].some(hasParameters);
  const empty = sources.filter(isEmpty);
  if (empty.length === 0 && (marketplaces.length > 0 || platform)) return;
  const parts = empty.flatMap(({ file, open }) =>
    open.map(({ line, what }) => ` ${file}${line === null ? '' : ` line ${line}`}: ${what}.`),
  );
  const files = empty.map(({ file }) => file).join(', ');
  throw new CliError('cli.nothing', {
    message: `No parameter of Maestrano was found in ${files}.${parts.join('')}`,
    remedy: 'Nothing was written. Name the configuration file of your SDK.',
  });
}

/** Validates what is known now. What is open, or depends on variables that are not set, is not missing. */
function check(
  marketplaces: readonly ImportedMarketplace[],
  env: CliIo['env'],
): readonly ConfigurationProblem[] {
  if (marketplaces.length === 0) return [];
  const inputs = marketplaces.map((marketplace) => toInput(marketplace, (value) => presentValue(value, env)));
  const pending = new Set<string>();
  for (const { name, parameters } of marketplaces) {
    for (const [key, value] of parameters) {
      if (presentValue(value, env) !== undefined) continue;
      pending.add(`${name} ${key}`);
      if (key === 'environment') for (const supplied of PRESET_PARAMETERS) pending.add(`${name} ${supplied}`);
    }
  }
  const { problems } = normaliseMarketplaces(inputs, { production: false });
  return problems.filter(({ marketplace, key }) => !pending.has(`${marketplace} ${key}`));
}

/** The environment wins over files, except in PHP (protocol §2.2). */
function mergePlatform(sources: readonly ImportedSource[], env: CliIo['env']): PlatformSettings | null {
  const variables: PlatformSettings = new Map(
    PLATFORM_VARIABLES.flatMap(([key, name]) => (env[name] ? [[key, constant(env[name])]] : [])),
  );
  const found = sources.flatMap(({ platform, sdk }) => (platform ? [{ platform, sdk }] : []));
  if (found.length === 0 && variables.size === 0) return null;
  const files: PlatformSettings = new Map(
    found.flatMap(({ platform: { file, ...parts } }) =>
      Object.entries(parts).map(([key, value]) => [key, withPlace(value, file)] as const),
    ),
  );
  const filesWin = found.some(({ sdk }) => sdk === 'php');
  return new Map(filesWin ? [...variables, ...files] : [...files, ...variables]);
}

/** The variables of protocol §2.2, by what they say. */
const PLATFORM_VARIABLES: readonly (readonly [key: PlatformParameter, name: string])[] = [
  ['host', 'MNO_DEVPL_HOST'],
  ['apiPath', 'MNO_DEVPL_API_PATH'],
  ['name', 'MNO_DEVPL_ENV_NAME'],
  ['apiKey', 'MNO_DEVPL_ENV_KEY'],
  ['apiSecret', 'MNO_DEVPL_ENV_SECRET'],
];

function withPlace(value: Value, file: string): Value | OpenParameter {
  const unreadable = partsOf(value).find(({ kind }) => kind === 'unknown');
  return unreadable?.kind === 'unknown' ? { place: `${file} line ${unreadable.line}` } : value;
}

function report(io: CliIo, result: Conversion, files: readonly FileOutcome[], json: boolean): void {
  const { notes, unreadable, problems, environment } = result;
  if (json) {
    const names = result.marketplaces.map(({ name }) => name);
    const body = { marketplaces: names, environment, files, notes, unreadable, problems };
    io.out(`${JSON.stringify(body, null, 2)}\n`);
    return;
  }
  for (const { path, outcome } of files) io.out(`${outcome.padEnd(10)}${path}\n`);
  if (environment !== null) {
    io.err(`Rails.env is taken for "${environment}"; --environment chooses another.\n`);
  }
  const section = (title: string, lines: readonly string[]): void => {
    if (lines.length > 0)
      io.err(`\n${paint(io, 'bold', title, 'err')}\n${lines.map((line) => `- ${line}\n`).join('')}`);
  };
  section(
    'Differences in defaults and behaviour',
    notes.map(
      ({ marketplace, subject, theirs, ours }) =>
        `${marketplace ? `"${marketplace}" ` : ''}${subject}: theirs: ${theirs}; ours: ${ours}`,
    ),
  );
  section('Not readable without running the application; complete by hand', unreadable);
  if (problems.length > 0) {
    io.err(
      `\n${paint(io, 'bold', 'Check of the result', 'err')}\n${problems.map((problem) => `${describeProblem(problem)}\n`).join('')}`,
    );
  }
  if (problems.some(({ severity }) => severity === 'error'))
    io.err(`\n${paint(io, 'red', 'Nothing was written.', 'err')}\n`);
}

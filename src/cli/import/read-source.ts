import { readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve } from 'node:path';

import { CliError } from '../../errors/cli.error.js';
import { errorCode } from '../../utils/error-code.js';
import { valueOf } from './evaluation/values.js';
import type { ImportedPlatform, ImportedSource, ReaderContext, SourceReader } from './imported-source.js';
import { parseJson, readJson } from './readers/json.reader.js';
import { readProperties } from './readers/properties.reader.js';
import { readWebConfig } from './readers/web-config.reader.js';

/** Larger than any configuration. */
const MAX_BYTES = 5_000_000;

/** One kind of file. */
interface Format {
  readonly pattern: RegExp;
  /** Loaded when a file of the kind is there. */
  readonly load: () => Promise<SourceReader>;
  /** The package that parses it, where this one does not. */
  readonly parser?: string;
}

const FORMATS: readonly Format[] = [
  {
    pattern: /\.rb$/i,
    parser: '@ruby/prism',
    load: async () =>
      (await withoutExperimentalWarning(() => import('./readers/ruby-initializer.reader.js')))
        .readRubyInitializer,
  },
  {
    pattern: /\.ya?ml$/i,
    parser: 'yaml',
    load: async () => (await import('./readers/yaml.reader.js')).readDeveloperPlatformYaml,
  },
  {
    pattern: /\.php$/i,
    parser: 'php-parser',
    load: async () => (await import('./readers/php-configuration.reader.js')).readPhpConfiguration,
  },
  { pattern: /\.properties$/i, load: () => Promise.resolve(readProperties) },
  { pattern: /\.(?:config|xml)$/i, load: () => Promise.resolve(readWebConfig) },
  { pattern: /\.json$/i, load: () => Promise.resolve(readJson) },
];

/** What all files of an import have in common. */
export type ImportContext = Pick<ReaderContext, 'env' | 'defaultName' | 'environment'> & {
  /** The directory that relative paths are meant from. */
  readonly cwd: string;
};

/**
 * Reads one configuration file of an official SDK; the extension says which.
 *
 * @throws CliError `cli.file`, `cli.format`, `cli.parser`
 */
export async function readSource(path: string, context: ImportContext): Promise<ImportedSource> {
  const file = basename(path);
  const format = FORMATS.find(({ pattern }) => pattern.test(path));
  if (!format) {
    throw new CliError('cli.format', {
      message: `${file} is of no known kind.`,
      remedy: 'Give a .rb, .yml, .php, .properties, .config, .xml or .json file.',
    });
  }
  const full = resolve(context.cwd, path);
  const text = readText(full, file);
  const reader = await loadReader(format, file);
  return reader(text, readerContext(full, context));
}

async function loadReader({ parser, load }: Format, file: string): Promise<SourceReader> {
  try {
    return await load();
  } catch (error) {
    const isMissing = errorCode(error) === 'ERR_MODULE_NOT_FOUND' || errorCode(error) === 'MODULE_NOT_FOUND';
    if (!parser || !isMissing) throw error;
    throw new CliError('cli.parser', {
      message: `${file} needs a parser that is installed for an import only: ${parser}.`,
      remedy: `Run npm install --no-save ${parser} and import again, or npx --package nestjs-maestrano --package ${parser} nestjs-maestrano import …`,
    });
  }
}

/** Prism runs on Node.js's WASI, which warns in every process; its reader has no use for that. */
async function withoutExperimentalWarning<T>(work: () => Promise<T>): Promise<T> {
  const emitWarning = process.emitWarning.bind(process) as (...values: unknown[]) => void;
  process.emitWarning = (...values: unknown[]) => {
    if (!String(values[0]).includes('WASI')) emitWarning(...values);
  };
  try {
    return await work();
  } finally {
    process.emitWarning = emitWarning;
  }
}

function readerContext(full: string, context: ImportContext): ReaderContext {
  const find = (path: string): string | null => {
    const bases = isAbsolute(path) ? [''] : [context.cwd, ...parents(dirname(full))];
    for (const base of bases) {
      const candidate = resolve(base, path);
      try {
        readFileSync(candidate);
        return candidate;
      } catch {
        continue;
      }
    }
    return null;
  };
  const readFile = (path: string): string | null => {
    const found = find(path);
    return found === null ? null : readText(found, basename(found));
  };
  return {
    env: context.env,
    defaultName: context.defaultName,
    environment: context.environment,
    file: basename(full),
    readFile,
    readJson: (path) => {
      const text = readFile(path);
      return text === null ? null : valueOf(parseJson(text, basename(path)));
    },
    readPlatform: async (path): Promise<ImportedPlatform | null> => {
      const found = find(path);
      if (found === null || !/\.(?:ya?ml|json)$/i.test(found)) return null;
      return (await readSource(found, context)).platform;
    },
  };
}

/** A directory and the three above it: initializers are two below the root that their paths are meant from. */
function parents(directory: string): string[] {
  const found = [directory];
  while (found.length < 4) found.push(dirname(found.at(-1)!));
  return found;
}

function readText(path: string, file: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= MAX_BYTES) return bytes.toString('utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const reason = errorCode(error) ?? 'unknown reason';
    throw new CliError('cli.file', {
      message: `${file} cannot be read (${reason}).`,
      remedy: 'Check the path and its permissions.',
    });
  }
  throw new CliError('cli.file', {
    message: `${file} is larger than ${MAX_BYTES} bytes.`,
    remedy: 'Give a configuration file.',
  });
}

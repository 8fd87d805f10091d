import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';

import { CliError } from '../../errors/cli.error.js';
import { errorCode } from '../../utils/error-code.js';
import type { ImportedSource, ReaderContext, SourceReader } from './imported-source.js';
import { readJson } from './readers/json.reader.js';
import { readPhpConfiguration } from './readers/php-configuration.reader.js';
import { readProperties } from './readers/properties.reader.js';
import { readRubyInitializer } from './readers/ruby-initializer.reader.js';
import { readWebConfig } from './readers/web-config.reader.js';
import { readDeveloperPlatformYaml } from './readers/yaml.reader.js';

/** Larger than any configuration. */
const MAX_BYTES = 5_000_000;

const READERS: readonly (readonly [RegExp, SourceReader])[] = [
  [/\.rb$/i, readRubyInitializer],
  [/\.ya?ml$/i, readDeveloperPlatformYaml],
  [/\.php$/i, readPhpConfiguration],
  [/\.properties$/i, readProperties],
  [/\.(?:config|xml)$/i, readWebConfig],
  [/\.json$/i, readJson],
];

/** Reads one configuration file of an official SDK; the extension says which. */
export function readSource(path: string, cwd: string, context: Omit<ReaderContext, 'file'>): ImportedSource {
  const reader = READERS.find(([pattern]) => pattern.test(path))?.[1];
  const file = basename(path);
  if (!reader) {
    throw new CliError('cli.format', {
      message: `${file} is of no known kind.`,
      remedy: 'Give a .rb, .yml, .php, .properties, .config, .xml or .json file.',
    });
  }
  return reader(readText(resolve(cwd, path), file), { ...context, file });
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

import { parse } from 'yaml';

import { CliError } from '../../../errors/cli.error.js';
import { constant, textOf, unknown, type Value, valueOf } from '../evaluation/values.js';
import { type ImportedSource, plainSource, type ReaderContext } from '../imported-source.js';
import { platformOf } from './json.reader.js';

/** Ruby in YAML, as Rails allows it. */
const ERB = /<%=?([\s\S]*?)%>/g;

/** `ENV['X']`, `ENV.fetch('X', 'y')`, `ENV['X'] || 'y'`. */
const VARIABLE =
  /^\s*ENV(?:\.fetch\(|\[)\s*["'](\w+)["']\s*(?:\]|(?:,\s*["']([^"']*)["']\s*)?\))(?:\s*\|\|\s*["']([^"']*)["'])?\s*$/;

/** Stands for a variable while YAML is read; no configuration holds this character. */
const MARK = '\u0001';

/**
 * Reads the Ruby SDK's `dev_platform.yml` (protocol §2.3), also with sections by environment around it.
 *
 * @throws CliError `cli.format` for what is not YAML
 */
export function readDeveloperPlatformYaml(source: string, context: ReaderContext): ImportedSource {
  const body = readYaml(source, context.file);
  const section = body.kind === 'map' ? body.entries.get(context.environment) : undefined;
  const platform = platformOf(body, context.file) ?? (section ? platformOf(section, context.file) : null);
  return plainSource({ file: context.file, sdk: 'ruby', marketplaces: new Map(), platform });
}

/**
 * What YAML holds in which Rails runs Ruby first: variables keep their names, other Ruby is not known.
 *
 * @throws CliError `cli.format`
 */
export function readYaml(source: string, file: string): Value {
  const variables: Value[] = [];
  const text = source.replace(ERB, (_, ruby: string, offset: number) => {
    variables.push(variableOf(ruby) ?? unknown(source.slice(0, offset).split('\n').length));
    return `${MARK}${variables.length - 1}${MARK}`;
  });
  return withVariables(valueOf(parseYaml(text, file)), variables);
}

function variableOf(ruby: string): Value | null {
  const [, name, ...fallbacks] = VARIABLE.exec(ruby) ?? [];
  if (name === undefined) return null;
  const fallback = fallbacks.find((text) => text !== undefined);
  const left: Value = { kind: 'environment', name };
  return fallback === undefined ? left : { kind: 'fallback', left, right: constant(fallback), blank: false };
}

function parseYaml(text: string, file: string): unknown {
  try {
    const value: unknown = parse(text, { merge: true, maxAliasCount: 100, logLevel: 'error' });
    // An anchor may contain itself; what is built of it would have no end.
    JSON.stringify(value);
    return value;
  } catch (error) {
    throw new CliError('cli.format', {
      message: `${file} is not YAML: ${error instanceof Error ? error.message.split('\n')[0] : 'unknown reason'}`,
      remedy: 'Give the file as it is.',
    });
  }
}

/** Puts variables where they were; keys of Ruby may be symbols, such as `:host: …`. */
function withVariables(value: Value, variables: readonly Value[]): Value {
  if (value.kind === 'map') {
    const entries = [...value.entries].map(
      ([key, child]) => [key.replace(/^:/, ''), withVariables(child, variables)] as const,
    );
    return { ...value, entries: new Map(entries) };
  }
  if (value.kind !== 'constant' || typeof value.value !== 'string' || !value.value.includes(MARK))
    return value;
  const parts = value.value.split(MARK).flatMap((piece, index): Value[] => {
    if (index % 2 === 1) return [variables[Number(piece)]!];
    return piece === '' ? [] : [constant(piece)];
  });
  return parts.length === 1 ? parts[0]! : textOf(parts, 1);
}

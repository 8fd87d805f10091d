import type { JsonObject } from '../../interfaces/marketplace-input.interface.js';
import { flattenParameters, snakeCase } from './key-normaliser.js';
import { SECTIONS, isKnownParameter } from './parameter-names.js';
import type { ProblemCollector } from './problem-collector.js';

/** One entry of a configuration, not yet read. */
export interface BodyEntry {
  readonly entry: object;
  /** Its name where the entry itself says none. */
  readonly fallbackName: string | null;
}

/** The name of the only marketplace of a static configuration that names none, as in the PHP SDK (protocol §1.9). */
const ONLY_NAME = 'maestrano';

/**
 * Finds the entries in any root form (protocol §1.7 step 3): the developer platform's body, a list, one entry, or
 * entries by name. A body that is none of these is told and gives no entry.
 */
export function readBody(input: unknown, problems: ProblemCollector): readonly BodyEntry[] {
  if (Array.isArray(input)) return readList(input, problems);
  if (!isRecord(input)) {
    reportBody(problems, input, 'The configuration is neither an object nor a list.');
    return [];
  }
  if (valueOf(input, 'error') != null) {
    problems.report({
      code: 'configuration.platformError',
      message: 'The answer is an error instead of marketplaces.',
      remedy: 'Check the environment key and secret, and that the environment is linked to a marketplace.',
    });
    return [];
  }
  if (Object.keys(input).some((key) => snakeCase(key) === 'marketplaces')) {
    const list = valueOf(input, 'marketplaces');
    if (Array.isArray(list)) return readList(list, problems);
    if (isRecord(list)) return readObject(list, problems);
    reportBody(problems, list, 'The parameter "marketplaces" is neither a list nor an object.');
    return [];
  }
  return readObject(input, problems);
}

function readObject(value: JsonObject, problems: ProblemCollector): readonly BodyEntry[] {
  if (isEntry(value)) return [{ entry: value, fallbackName: ONLY_NAME }];
  const named = Object.entries(value);
  const entries = named.flatMap(([name, entry]) => (isEntry(entry) ? [{ entry, fallbackName: name }] : []));
  if (entries.length > 0 && entries.length === named.length) return entries;
  reportBody(problems, value, 'The object holds no parameter of a marketplace.');
  return [];
}

function readList(list: readonly unknown[], problems: ProblemCollector): readonly BodyEntry[] {
  const entries: BodyEntry[] = [];
  for (const [index, entry] of list.entries()) {
    if (isRecord(entry)) entries.push({ entry, fallbackName: null });
    else {
      problems.report({
        code: 'configuration.entry',
        message: `Entry ${index + 1} of the list is not an object.`,
        remedy: 'Write an object with the parameters of one marketplace.',
        found: typeof entry === 'string' ? 'a text' : entry,
      });
    }
  }
  return entries;
}

/** Whether an object says something that a marketplace has. */
function isEntry(value: unknown): value is JsonObject {
  if (!isRecord(value)) return false;
  return [...flattenParameters(value).keys()].some((name) => isKnownParameter(name) || SECTIONS.has(name));
}

function valueOf(record: JsonObject, name: string): unknown {
  return Object.entries(record).find(([key]) => snakeCase(key) === name)?.[1];
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function reportBody(problems: ProblemCollector, found: unknown, message: string): void {
  problems.report({
    code: 'configuration.body',
    message,
    remedy: 'Give a list of marketplaces, one marketplace, or the body of the developer platform.',
    found: typeof found === 'string' ? 'a text' : found === undefined ? 'nothing' : found,
  });
}

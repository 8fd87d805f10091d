import type { ConfigurationProblem } from '../errors/configuration.error.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { DEFAULT_ROUTE_PREFIX } from '../maestrano.constants.js';
import { deepFreeze } from '../utils/deep-freeze.js';
import { isRecord } from '../utils/values.js';
import { describeExpiry, findExpiringCertificates } from './certificate-expiry.js';
import { resolveConflicts } from './marketplace-conflicts.js';
import { type ReadEntry, readEntry } from './normaliser/entry-reader.js';
import { flattenParameters, isKnownParameter, SECTIONS, snakeCase } from './normaliser/parameter-names.js';
import type { ReadingContext } from './normaliser/parameter-reader.js';
import { boundedProblems, ProblemCollector } from './normaliser/problem-collector.js';
import type { CertificateCache } from './normaliser/trust-reader.js';

/** How a configuration is read. */
export interface NormaliserOptions {
  /** Two entries of one name are an error instead of a warning; false by default. */
  readonly strict?: boolean;
  /** Reject the certificate whose private key is public; whether `NODE_ENV` is `production` by default. */
  readonly production?: boolean;
  /** First segments of the conventional layout, which fills missing paths; `maestrano` by default. */
  readonly routePrefix?: string;
}

/** A configuration that was read as far as it can be. */
export interface NormalisedMarketplaces {
  /** Deeply frozen, one for each name, in the order of the input. */
  readonly marketplaces: readonly Marketplace[];
  /** Everything that is wrong, of all marketplaces. */
  readonly problems: readonly ConfigurationProblem[];
}

/**
 * Reads a configuration of any generation (protocol §1.7): the developer platform's body, a list, one marketplace,
 * or marketplaces by name; nested or dotted, snake_case or camelCase. One bad marketplace does not touch the others.
 * Never throws.
 */
export function normaliseMarketplaces(
  input: unknown,
  options: NormaliserOptions = {},
): NormalisedMarketplaces {
  const context = readingContext(options);
  const problems = new ProblemCollector();
  const cache: CertificateCache = new Map();
  const read = readBody(input, problems).map(({ entry, fallbackName }) =>
    readEntry(entry, context, cache, fallbackName),
  );
  const { entries, duplicates } = keepLast(read, options.strict ?? false);
  const usable = entries.flatMap(({ marketplace }) => (marketplace ? [marketplace] : []));
  const resolved = resolveConflicts(usable);
  return deepFreeze({
    marketplaces: resolved.marketplaces,
    problems: boundedProblems([
      problems.problems,
      ...entries.map((entry) => entry.problems),
      duplicates,
      resolved.problems,
      findExpiringCertificates(resolved.marketplaces).map(describeExpiry),
    ]),
  });
}

/** The options with their defaults. */
export function readingContext(options: NormaliserOptions): ReadingContext {
  return {
    production: options.production ?? process.env['NODE_ENV'] === 'production',
    routePrefix: (options.routePrefix ?? DEFAULT_ROUTE_PREFIX).replace(/^\/+|\/+$/g, ''),
  };
}

/** Of several entries with one name the last counts, as in the official SDKs (protocol §1.7 step 13). */
export function keepLast<T extends Pick<ReadEntry, 'name'>>(
  read: readonly T[],
  strict: boolean,
): { entries: readonly T[]; duplicates: readonly ConfigurationProblem[] } {
  const last = new Map<string, T>();
  const duplicates = new Set<string>();
  for (const entry of read) {
    if (entry.name === null) continue;
    if (last.has(entry.name)) duplicates.add(entry.name);
    last.set(entry.name, entry);
  }
  return {
    entries: read.filter((entry) => entry.name === null || last.get(entry.name) === entry),
    duplicates: [...duplicates].map((marketplace) => ({
      code: 'configuration.duplicate',
      severity: strict ? 'error' : 'warning',
      marketplace,
      key: 'marketplace',
      found: null,
      message: 'Several entries have this name; the last one counts.',
      remedy: 'Remove the others, or give each a name of its own.',
    })),
  };
}

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
 * entries by name. A body that is none of these is reported and gives no entry.
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
      message: 'The response is an error instead of marketplaces.',
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

function readObject(
  value: Readonly<Record<string, unknown>>,
  problems: ProblemCollector,
): readonly BodyEntry[] {
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
function isEntry(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  return [...flattenParameters(value).keys()].some((name) => isKnownParameter(name) || SECTIONS.has(name));
}

function valueOf(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.entries(record).find(([key]) => snakeCase(key) === name)?.[1];
}

function reportBody(problems: ProblemCollector, found: unknown, message: string): void {
  problems.report({
    code: 'configuration.body',
    message,
    remedy: 'Give a list of marketplaces, one marketplace, or the body of the developer platform.',
    found: typeof found === 'string' ? 'a text' : found === undefined ? 'nothing' : found,
  });
}

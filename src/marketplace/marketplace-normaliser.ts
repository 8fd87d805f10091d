import type { ConfigurationProblem } from '../errors/configuration.error.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { DEFAULT_ROUTE_PREFIX } from '../maestrano.constants.js';
import { deepFreeze } from '../utils/deep-freeze.js';
import { describeExpiry, findExpiringCertificates } from './certificate-expiry.js';
import { resolveConflicts } from './marketplace-conflicts.js';
import { readBody } from './normaliser/body-reader.js';
import { type ReadEntry, readEntry } from './normaliser/entry-reader.js';
import type { ReadingContext } from './normaliser/parameter-reader.js';
import { ProblemCollector } from './normaliser/problem-collector.js';
import type { CertificateCache } from './normaliser/trust-reader.js';

/** How a configuration is read. */
export interface NormaliserOptions {
  /** Two entries of one name are an error instead of a warning; false by default. */
  readonly strict?: boolean;
  /** Refuse the certificate whose private key is public; whether `NODE_ENV` is `production` by default. */
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
    problems: [
      ...problems.problems,
      ...entries.flatMap((entry) => entry.problems),
      ...duplicates,
      ...resolved.problems,
      ...findExpiringCertificates(resolved.marketplaces).map(describeExpiry),
    ],
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

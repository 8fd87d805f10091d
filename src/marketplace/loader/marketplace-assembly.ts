import { ConfigurationError, type ConfigurationProblem } from '../../errors/configuration.error.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { resolveConflicts } from '../marketplace-conflicts.js';
import type { MarketplaceRegistry } from '../marketplace-registry.js';
import { RotationOverlap } from './rotation-overlap.js';
import type { SourceRunner } from './source-runner.js';

/** Puts together what all sources have, and in force. */
export class MarketplaceAssembly {
  readonly #overlap: RotationOverlap;
  #conflicts: readonly ConfigurationProblem[] = [];

  /** @param runners in the order of precedence: the first that has a marketplace decides it. */
  constructor(
    private readonly registry: MarketplaceRegistry,
    private readonly runners: readonly SourceRunner[],
    overlapMs: number,
    private readonly strict: boolean,
  ) {
    this.#overlap = new RotationOverlap(overlapMs);
  }

  /** What is wrong with the last answer of each source, and with all of them together. */
  get problems(): readonly ConfigurationProblem[] {
    return [...this.runners.flatMap(({ table }) => table.problems), ...this.#conflicts];
  }

  /** When the next overlap or grace time ends, in epoch milliseconds; null when none runs. */
  get nextExpiry(): number | null {
    const ends = [this.#overlap.nextExpiry, ...this.runners.map(({ table }) => table.nextExpiry)];
    const known = ends.filter((end) => end !== null);
    return known.length === 0 ? null : Math.min(...known);
  }

  /** Fills the registry. Where strict mode forbids that, the registry stays and the error is returned. */
  apply(): ConfigurationError | null {
    const incumbents = new Set(this.registry.list().flatMap(({ name, sso }) => (sso.enabled ? [name] : [])));
    const { marketplaces, problems } = resolveConflicts(this.#overlap.apply(this.#collect()), incumbents);
    this.#conflicts = problems;
    const errors = problems.filter(({ severity }) => severity === 'error');
    if (this.strict && errors.length > 0) {
      return new ConfigurationError(
        'Marketplaces contradict each other, and strict mode accepts no error.',
        { code: 'configuration.invalid', remedy: 'Correct them, or leave strict mode.' },
        errors,
      );
    }
    this.registry.replace(marketplaces);
    return null;
  }

  #collect(): readonly Marketplace[] {
    const now = Date.now();
    const byName = new Map<string, Marketplace>();
    const leaving: Marketplace[] = [];
    for (const { table } of this.runners) {
      table.expire(now);
      const vanished = new Set(table.vanished);
      for (const marketplace of table.marketplaces) {
        if (vanished.has(marketplace.name)) leaving.push(marketplace);
        else if (!byName.has(marketplace.name)) byName.set(marketplace.name, marketplace);
      }
    }
    // One that moved to another source is served as that one has it.
    for (const marketplace of leaving) {
      if (!byName.has(marketplace.name)) byName.set(marketplace.name, marketplace);
    }
    return [...byName.values()];
  }
}

import { MaestranoConfigurationError, type ConfigurationProblem } from '../../errors/configuration.error.js';
import type { IdpCertificate, Marketplace } from '../../interfaces/marketplace.interface.js';
import type { Secret } from '../../utils/secret.js';
import { resolveConflicts } from '../marketplace-conflicts.js';
import type { MarketplaceRegistry } from '../marketplace-registry.js';
import { sealMarketplace } from '../marketplace-serialiser.js';
import { boundedProblems } from '../normaliser/problem-collector.js';
import { MAX_CERTIFICATES } from '../normaliser/trust-reader.js';
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

  /** What is wrong with the last response of each source, and with all of them together. */
  get problems(): readonly ConfigurationProblem[] {
    return boundedProblems([...this.runners.map(({ table }) => table.problems), this.#conflicts]);
  }

  /** When the next overlap or grace time ends, in epoch milliseconds; null when none runs. */
  get nextExpiry(): number | null {
    const ends = [this.#overlap.nextExpiry, ...this.runners.map(({ table }) => table.nextExpiry)];
    const known = ends.filter((end) => end !== null);
    return known.length === 0 ? null : Math.min(...known);
  }

  /** Fills the registry. Where strict mode forbids that, the registry stays and the error is returned. */
  apply(): MaestranoConfigurationError | null {
    const served = new Set(this.registry.list().flatMap(({ name, sso }) => (sso.enabled ? [name] : [])));
    const { marketplaces, problems } = resolveConflicts(this.#overlap.apply(this.#collect()), served);
    this.#conflicts = problems;
    const errors = problems.filter(({ severity }) => severity === 'error');
    if (this.strict && errors.length > 0) {
      return new MaestranoConfigurationError('configuration.invalid', {
        message: 'Marketplaces contradict each other, and strict mode accepts no error.',
        remedy: 'Correct them, or leave strict mode.',
        problems: errors,
      });
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

/** Something that was replaced and stays valid until a time in epoch milliseconds. */
interface Retired<T> {
  readonly value: T;
  readonly until: number;
}

/** What is still valid of a marketplace's past. */
interface Past {
  readonly keys: readonly Retired<Secret>[];
  readonly certificates: readonly Retired<IdpCertificate>[];
}

const NOTHING: Past = { keys: [], certificates: [] };

/**
 * Lets past keys and certificates stay valid for a while beside the new ones: the marketplace and this application
 * never learn of a rotation at the same moment. Keys overlap only under one id, certificates only of one identity
 * provider.
 */
class RotationOverlap {
  #before = new Map<string, Marketplace>();
  #past = new Map<string, Past>();

  /** @param overlapMs milliseconds; 0 ends the validity of the past at once. */
  constructor(private readonly overlapMs: number) {}

  /** When the next overlap ends, in epoch milliseconds; null when none runs. */
  get nextExpiry(): number | null {
    const ends = [...this.#past.values()].flatMap(({ keys, certificates }) =>
      [...keys, ...certificates].map(({ until }) => until),
    );
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** The marketplaces as configured, each with what is still valid of its past. */
  apply(marketplaces: readonly Marketplace[]): readonly Marketplace[] {
    const now = Date.now();
    const past = new Map<string, Past>();
    const result = marketplaces.map((marketplace) => {
      const valid = this.#validPast(marketplace, now);
      if (valid.keys.length + valid.certificates.length === 0) return marketplace;
      past.set(marketplace.name, valid);
      return withPast(marketplace, valid);
    });
    this.#before = new Map(marketplaces.map((marketplace) => [marketplace.name, marketplace]));
    this.#past = past;
    return result;
  }

  #validPast(marketplace: Marketplace, now: number): Past {
    const before = this.#before.get(marketplace.name);
    if (!before || this.overlapMs === 0) return NOTHING;
    const { keys, certificates } = this.#past.get(marketplace.name) ?? NOTHING;
    const until = now + this.overlapMs;
    const retire = <T>(value: T): Retired<T> => ({ value, until });
    const { api, sso } = marketplace;
    const hasKey = (key: Secret) => api.keys.some((present) => present.equals(key));
    const hasCertificate = ({ sha256 }: IdpCertificate) =>
      sso.certificates.some((item) => item.sha256 === sha256);
    const sameId = before.api.id === api.id;
    const sameProvider = before.sso.idp === sso.idp && sso.certificates.length > 0;
    return {
      keys: sameId
        ? merge([...before.api.keys.map(retire), ...keys], now, hasKey, (a, b) => a.equals(b))
        : [],
      certificates: sameProvider
        ? merge(
            [...before.sso.certificates.map(retire), ...certificates],
            now,
            hasCertificate,
            isSameCertificate,
          )
        : [],
    };
  }
}

/** What is still valid and not present anyway, each once, newest first. */
function merge<T>(
  retired: readonly Retired<T>[],
  now: number,
  isPresent: (value: T) => boolean,
  equal: (a: T, b: T) => boolean,
): Retired<T>[] {
  const valid = retired.filter(({ value, until }) => until > now && !isPresent(value));
  return valid.filter(({ value }, index) => valid.findIndex((other) => equal(other.value, value)) === index);
}

function isSameCertificate(a: IdpCertificate, b: IdpCertificate): boolean {
  return a.sha256 === b.sha256;
}

function withPast(marketplace: Marketplace, { keys, certificates }: Past): Marketplace {
  const { api, sso } = marketplace;
  const trusted = [...sso.certificates, ...certificates.map(({ value }) => value)].slice(0, MAX_CERTIFICATES);
  return sealMarketplace({
    ...marketplace,
    api: { ...api, keys: [...api.keys, ...keys.map(({ value }) => value)] },
    sso: { ...sso, certificates: trusted },
  });
}

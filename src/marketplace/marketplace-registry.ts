import { hash, randomBytes } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';

import { MaestranoConfigurationError } from '../errors/configuration.error.js';
import { MaestranoUnknownMarketplaceError } from '../errors/unknown-marketplace.error.js';
import type { MarketplaceEvent } from '../interfaces/marketplace-events.interface.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { ConstantTimeText, constantTimeEqual } from '../utils/constant-time.js';
import { describeChange } from './marketplace-difference.js';

/** All marketplaces at one moment: immutable, replaced as a whole. */
export interface MarketplaceSnapshot {
  /** Grows by one with every replacement that changed something; 0 before the first. */
  readonly version: number;
  /** By name, in the order of the configuration. */
  readonly marketplaces: ReadonlyMap<string, Marketplace>;
}

/** One table: the marketplaces, and who owns which credentials. */
interface Table extends MarketplaceSnapshot {
  readonly owners: ReadonlyMap<string, readonly Marketplace[]>;
}

const EMPTY: Table = { version: 0, marketplaces: new Map(), owners: new Map() };

/**
 * The marketplaces that the application serves. Whoever needs one asks by name, or by the credentials of a request,
 * and hands the frozen snapshot on: work that has begun keeps it when the configuration changes.
 */
@Injectable()
export class MarketplaceRegistry {
  /** Begins every digested text, so that no digest of a key is of use outside this process. */
  readonly #salt = randomBytes(32).toString('base64');
  /** The headers that prove a marketplace, made with its first request. */
  readonly #authorizations = new WeakMap<Marketplace, readonly ConstantTimeText[]>();
  readonly #events = new Subject<MarketplaceEvent>();
  readonly #snapshots = new Subject<MarketplaceSnapshot>();
  #table = EMPTY;

  /** @param defaultName the `defaultMarketplace` option; null when there is none. */
  constructor(readonly defaultName: string | null = null) {}

  /** What was added, removed, changed or rotated; emitted after the new table is in force. */
  get events(): Observable<MarketplaceEvent> {
    return this.#events.asObservable();
  }

  /** Every new table, once, before its events: for what is derived from all marketplaces together. */
  get snapshots(): Observable<MarketplaceSnapshot> {
    return this.#snapshots.asObservable();
  }

  /** All marketplaces at this moment. */
  get snapshot(): MarketplaceSnapshot {
    return this.#table;
  }

  /** @throws MaestranoUnknownMarketplaceError (`configuration.unknownMarketplace`) which names those that there are. */
  get(name: string): Marketplace {
    const marketplace = this.find(name);
    if (!marketplace) throw new MaestranoUnknownMarketplaceError(name, [...this.#table.marketplaces.keys()]);
    return marketplace;
  }

  /** The marketplace of that name, or null. */
  find(name: string): Marketplace | null {
    return this.#table.marketplaces.get(name) ?? null;
  }

  has(name: string): boolean {
    return this.#table.marketplaces.has(name);
  }

  /** All marketplaces in the order of the configuration. */
  list(): readonly Marketplace[] {
    return [...this.#table.marketplaces.values()];
  }

  /**
   * The marketplace meant where none is named: the `defaultMarketplace` option, else the only one there is.
   *
   * @throws MaestranoUnknownMarketplaceError when the configured default is not there.
   * @throws MaestranoConfigurationError (`configuration.noDefault`) when there are several and none is configured.
   */
  default(): Marketplace {
    if (this.defaultName !== null) return this.get(this.defaultName);
    const [only, second] = this.#table.marketplaces.values();
    if (only && !second) return only;
    throw new MaestranoConfigurationError('configuration.noDefault', {
      message: 'No marketplace was named, and there is no default one.',
      remedy: 'Name the marketplace, or set the defaultMarketplace option.',
    });
  }

  /**
   * The marketplace that a caller means: a snapshot is itself, a name is looked up, nothing is the default one.
   *
   * @throws MaestranoUnknownMarketplaceError for a name that there is not.
   * @throws MaestranoConfigurationError (`configuration.noDefault`) when nothing was named and there is no default one.
   */
  resolve(marketplace?: string | Marketplace): Marketplace {
    if (marketplace === undefined) return this.default();
    return typeof marketplace === 'string' ? this.get(marketplace) : marketplace;
  }

  /**
   * The same for what outlives a call: a name means whatever it means at the moment of each call.
   *
   * @throws MaestranoUnknownMarketplaceError at once for a name that there is not.
   */
  resolver(marketplace?: string | Marketplace): () => Marketplace {
    if (typeof marketplace === 'string') this.get(marketplace);
    return () => this.resolve(marketplace);
  }

  /** Like {@link MarketplaceRegistry.default}, with null in place of an error. */
  findDefault(): Marketplace | null {
    if (this.defaultName !== null) return this.find(this.defaultName);
    const [only, second] = this.#table.marketplaces.values();
    return only && !second ? only : null;
  }

  /**
   * The marketplace that these credentials belong to; null when they belong to none, or to several, which only a
   * route can tell apart (protocol §1.7 step 14). The time it takes depends neither on their number nor on the keys.
   */
  findByCredentials(id: string, key: string): Marketplace | null {
    const [only = null, second] = this.allByCredentials(id, key);
    return second ? null : only;
  }

  /** Every marketplace that these credentials belong to. */
  allByCredentials(id: string, key: string): readonly Marketplace[] {
    const candidates = this.#table.owners.get(this.#digest(id, key)) ?? [];
    return candidates.filter((candidate) => this.hasCredentials(candidate, id, key));
  }

  /**
   * Whether these are the credentials of one marketplace (protocol §6.5). All its keys are compared whichever
   * matches; an empty key never does.
   */
  hasCredentials(marketplace: Marketplace, id: string, key: string): boolean {
    const idMatches = constantTimeEqual(id, marketplace.api.id);
    let keyMatches = false;
    for (const expected of marketplace.api.keys) {
      if (constantTimeEqual(key, expected.reveal()) && !expected.isEmpty) keyMatches = true;
    }
    return idMatches && keyMatches;
  }

  /**
   * Whether this is the `Authorization` header that a client makes of the marketplace's credentials, in the usual
   * spelling. What is not may still be right: {@link MarketplaceRegistry.hasCredentials} decides.
   */
  hasAuthorization(marketplace: Marketplace, header: string): boolean {
    let expected = this.#authorizations.get(marketplace);
    if (!expected) this.#authorizations.set(marketplace, (expected = authorizationsOf(marketplace)));
    let matches = false;
    for (const one of expected) if (one.equals(header)) matches = true;
    return matches;
  }

  /**
   * Puts a new set of marketplaces in force, in one step, and emits what changed. A marketplace with an unchanged
   * revision keeps its present snapshot, so that whatever was derived from it stays valid.
   */
  replace(marketplaces: Iterable<Marketplace>): MarketplaceSnapshot {
    const before = this.#table;
    const current = new Map<string, Marketplace>();
    for (const marketplace of marketplaces) {
      const known = before.marketplaces.get(marketplace.name);
      current.set(marketplace.name, known?.revision === marketplace.revision ? known : marketplace);
    }
    const version = before.version + 1;
    const events = [...this.#difference(before.marketplaces, current, version)];
    if (events.length === 0 && before.version > 0) return before;
    this.#table = Object.freeze({ version, marketplaces: current, owners: this.#index(current) });
    this.#snapshots.next(this.#table);
    for (const event of events) this.#events.next(event);
    return this.#table;
  }

  /** Ends the streams. */
  onModuleDestroy(): void {
    this.#snapshots.complete();
    this.#events.complete();
  }

  *#difference(
    before: ReadonlyMap<string, Marketplace>,
    after: ReadonlyMap<string, Marketplace>,
    version: number,
  ): Iterable<MarketplaceEvent> {
    for (const marketplace of after.values()) {
      const known = before.get(marketplace.name);
      if (!known) yield { type: 'added', marketplace, version };
      else yield* describeChange(known, marketplace, version);
    }
    for (const marketplace of before.values()) {
      if (!after.has(marketplace.name)) yield { type: 'removed', marketplace, version };
    }
  }

  #index(marketplaces: ReadonlyMap<string, Marketplace>): Map<string, readonly Marketplace[]> {
    const owners = new Map<string, readonly Marketplace[]>();
    for (const marketplace of marketplaces.values()) {
      for (const key of marketplace.api.keys) {
        if (key.isEmpty) continue;
        const digest = this.#digest(marketplace.api.id, key.reveal());
        owners.set(digest, [...(owners.get(digest) ?? []), marketplace]);
      }
    }
    return owners;
  }

  #digest(id: string, key: string): string {
    return hash('sha256', `${this.#salt}${id.length}:${id}${key}`, 'base64');
  }
}

function authorizationsOf({ api }: Marketplace): ConstantTimeText[] {
  // The first colon ends the id: with one inside, the header would prove another marketplace as well.
  if (api.id.includes(':')) return [];
  const keys = api.keys.filter((key) => !key.isEmpty);
  return keys.map((key) => {
    const pair = Buffer.from(`${api.id}:${key.reveal()}`).toString('base64');
    return new ConstantTimeText(`Basic ${pair}`);
  });
}

import { hash, randomBytes } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { ssoPolicyOf, type SsoSettings } from '../../settings/maestrano-settings.js';
import { SSO_SETTINGS } from '../../settings/settings.providers.js';
import { MaestranoStore } from '../../stores/maestrano-store.js';
import { storeKey } from '../../stores/store-key.js';

/** What a login begins with; the values are already checked and limited. */
export interface LoginStart {
  /** Where the person wants to go afterwards, on the application's own origins; null for nowhere in particular. */
  readonly returnTo: string | null;
  /** Parameters for the identity provider: `group_id` and those the application allows (protocol §4.1). */
  readonly params: Readonly<Record<string, string>>;
  /** Whether the session guard sent the browser, and not a link; false by default. */
  readonly byGuard?: boolean;
}

/** What is kept of a login between its beginning and the provider's response. */
export interface LoginTransaction extends LoginStart {
  /** ID of the request, which comes back with the response. */
  readonly id: string;
  /** Name of the marketplace the login began on. */
  readonly marketplace: string;
  /** When it began, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** What the protocol wants to have back with the response, in a form of its own: it may be a secret. */
  readonly protocolState?: string;
  /**
   * Where it was found among the {@link MAX_OPEN_LOGINS}: what else is kept of it lies under the same place, and so is
   * bounded in number as well. Missing before it is kept.
   */
  readonly place?: string;
}

/** A login that is about to begin. */
export interface NewLogin {
  readonly transaction: LoginTransaction;
  /** What the browser alone is given, and proves with that it began the login: {@link requestIdOf} gives the ID. */
  readonly browserKey: string;
}

/** What the ID of a login may look like: an XML ID, and harmless in store keys. */
export const REQUEST_ID = /^[A-Za-z_][\w.-]{0,127}$/;

/**
 * Logins under way that are remembered, of all marketplaces together. Anybody may begin logins, as many as they like and
 * without coming back, and the store holds charges too. When a flood of them has filled all places, a new login takes that
 * of an old one, which nearly always nobody comes back for; a person whose login it was is sent to begin again.
 */
export const MAX_OPEN_LOGINS = 20_000;
/** Places that a login may be kept at: with a choice, hardly any is taken before most are full. */
const CHOICES = 4;
/** How often a place is chosen anew that somebody else was quicker to take. */
const MAX_TRIES = 3;

/** What the key of a browser may look like. */
export const BROWSER_KEY = /^[\w-]{27}$/;

/**
 * The ID of the login that a browser began with this key. IDs travel in addresses and may come to light there; from an
 * ID nobody finds the key.
 */
export function requestIdOf(browserKey: string): string {
  return `_${hash('sha256', browserKey, 'hex').slice(0, 40)}`;
}

/** A login that begins now, with an ID that nobody can guess. */
export function newLogin({ name }: Marketplace, start: LoginStart): NewLogin {
  const browserKey = randomBytes(20).toString('base64url');
  const id = requestIdOf(browserKey);
  return { browserKey, transaction: { id, marketplace: name, startedAt: Date.now(), ...start } };
}

/**
 * The one-time records of logins under way, and the guard against repeated responses. Both are kept in the
 * {@link MaestranoStore}, so that a login may begin on one instance and end on another.
 */
@Injectable()
export class LoginTransactionService {
  constructor(
    private readonly store: MaestranoStore,
    @Inject(SSO_SETTINGS) private readonly settings: SsoSettings,
  ) {}

  /** Remembers a login that is about to leave for the identity provider. */
  async save(transaction: LoginTransaction): Promise<void> {
    const { marketplace, id } = transaction;
    const keys = placesOf(marketplace, id).map(keyOf);
    const value = write(transaction);
    const ttlMs = this.#ttlMs(marketplace);
    const [first = ''] = keys;
    if (await this.store.setIfAbsent(first, value, ttlMs)) return;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const found = await this.store.getMany(keys);
      const place = emptyOrOldest(found);
      const expected = found[place] ?? null;
      const [wrote] = await this.store.writeMany([{ key: keys[place] ?? first, expected, value, ttlMs }]);
      if (wrote) return;
    }
    await this.store.set(first, value, ttlMs);
  }

  /** The login, left where it is; null when it is unknown, over or used. */
  async peek({ name }: Marketplace, id: string): Promise<LoginTransaction | null> {
    return (await this.#find(name, id))?.transaction ?? null;
  }

  /** The login, which is gone afterwards: of several callers one gets it. */
  async take({ name }: Marketplace, id: string): Promise<LoginTransaction | null> {
    const kept = await this.#find(name, id);
    // Nothing is kept for logins that never began: anybody may name one.
    if (!kept) return null;
    // Noted before it is gone: whoever comes too late by a moment must already find that it was used.
    await this.store.set(usedKey(name, id), '1', this.#ttlMs(name));
    return (await this.store.delete(kept.key, kept.text)) ? kept.transaction : null;
  }

  /** Whether the login was taken a while ago: a reloaded page, and not a login that never began. */
  async wasTaken(marketplace: Marketplace, id: string): Promise<boolean> {
    return (await this.store.get(usedKey(marketplace.name, id))) !== null;
  }

  /**
   * Marks as accepted what may be accepted once only. Of several callers one gets true.
   *
   * @param onceId the assertion's ID, or a nonce.
   * @param until when the response ceases to be valid, in milliseconds since the epoch.
   */
  claim(marketplace: Marketplace, onceId: string, until: number): Promise<boolean> {
    const key = storeKey('sso-replay', marketplace.name, onceId);
    return this.store.setIfAbsent(key, '1', Math.max(1_000, until - Date.now()));
  }

  async #find(marketplace: string, id: string): Promise<KeptLogin | null> {
    const places = placesOf(marketplace, id);
    const found = await this.store.getMany(places.map(keyOf));
    for (const [position, text] of found.entries()) {
      const transaction = text === null ? null : read(text);
      if (transaction?.id !== id || transaction.marketplace !== marketplace) continue;
      const place = places[position]!;
      return { transaction: { ...transaction, place }, key: keyOf(place), text: text! };
    }
    return null;
  }

  #ttlMs(marketplace: string): number {
    return ssoPolicyOf(this.settings, marketplace).requestTtlMs;
  }
}

function usedKey(marketplace: string, id: string): string {
  return storeKey('sso-used', marketplace, id);
}

/** A login as it was found in the store. */
interface KeptLogin {
  readonly transaction: LoginTransaction;
  readonly key: string;
  readonly text: string;
}

/**
 * Where a login may be kept. Places are shared: which login is at one, its text says. They follow from marketplace and id,
 * so that nobody else's login is found by them, and nobody can choose whose place to take.
 */
function placesOf(marketplace: string, id: string): string[] {
  const digest = hash('sha256', JSON.stringify([marketplace, id]), 'buffer');
  const places = Array.from({ length: CHOICES }, (_, n) => digest.readUInt32BE(n * 4) % MAX_OPEN_LOGINS);
  return Array.from(new Set(places), String);
}

function keyOf(place: string): string {
  return storeKey('sso-request', place);
}

/** Index of the first place that is empty, else of the one with the oldest login. */
function emptyOrOldest(found: readonly (string | null)[]): number {
  const began = found.map((text) => (text === null ? -Infinity : read(text).startedAt));
  return began.indexOf(Math.min(...began));
}

type KeptTransaction = readonly [
  startedAt: number,
  marketplace: string,
  id: string,
  returnTo: string | null,
  params: Readonly<Record<string, string>>,
  byGuard?: boolean,
  protocolState?: string,
];

/** Little, because anybody may begin logins. */
function write(transaction: LoginTransaction): string {
  const { startedAt, marketplace, id, returnTo, params, byGuard = false, protocolState } = transaction;
  const kept: KeptTransaction = [startedAt, marketplace, id, returnTo, params];
  if (protocolState !== undefined) return JSON.stringify([...kept, byGuard, protocolState]);
  return JSON.stringify(byGuard ? [...kept, true] : kept);
}

function read(text: string): LoginTransaction {
  const kept = JSON.parse(text) as KeptTransaction;
  const [startedAt, marketplace, id, returnTo, params, byGuard = false, protocolState] = kept;
  return {
    id,
    marketplace,
    startedAt,
    returnTo,
    params,
    ...(byGuard ? { byGuard } : {}),
    ...(protocolState === undefined ? {} : { protocolState }),
  };
}

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
}

/** A login that is about to begin. */
export interface NewLogin {
  readonly transaction: LoginTransaction;
  /** What the browser alone is given, and proves with that it began the login: {@link requestIdOf} gives the ID. */
  readonly browserKey: string;
}

/** What the ID of a login may look like: an XML ID, and harmless in store keys. */
export const REQUEST_ID = /^[A-Za-z_][\w.-]{0,127}$/;

/** What the record of a login is found under: the marketplace is part of it, so none can use another's. */
export function loginTransactionKey(marketplace: string, id: string): string {
  return storeKey('sso-request', marketplace, id);
}

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
    const key = loginTransactionKey(marketplace, id);
    await this.store.set(key, writeLoginTransaction(transaction), this.#ttlMs(marketplace));
  }

  /** The login, left where it is; null when it is unknown, over or used. */
  async peek(marketplace: Marketplace, id: string): Promise<LoginTransaction | null> {
    return read(marketplace, id, await this.store.get(loginTransactionKey(marketplace.name, id)));
  }

  /** The login, which is gone afterwards: of several callers one gets it. */
  async take(marketplace: Marketplace, id: string): Promise<LoginTransaction | null> {
    const key = loginTransactionKey(marketplace.name, id);
    // Nothing is kept for logins that never began: anybody may name one.
    if ((await this.store.get(key)) === null) return null;
    // Noted before it is gone: whoever comes too late by a moment must already find that it was used.
    await this.store.set(usedKey(marketplace.name, id), '1', this.#ttlMs(marketplace.name));
    return read(marketplace, id, await this.store.take(key));
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

  #ttlMs(marketplace: string): number {
    return ssoPolicyOf(this.settings, marketplace).requestTtlMs;
  }
}

function usedKey(marketplace: string, id: string): string {
  return storeKey('sso-used', marketplace, id);
}

type KeptTransaction = readonly [
  startedAt: number,
  returnTo: string | null,
  params: Readonly<Record<string, string>>,
  byGuard?: boolean,
  protocolState?: string,
];

/** What is kept of a login: what its key does not say already, because anybody may begin logins, any number of them. */
export function writeLoginTransaction(transaction: LoginTransaction): string {
  const { startedAt, returnTo, params, byGuard = false, protocolState } = transaction;
  const kept: KeptTransaction = [startedAt, returnTo, params];
  if (protocolState !== undefined) return JSON.stringify([...kept, byGuard, protocolState]);
  return JSON.stringify(byGuard ? [...kept, true] : kept);
}

function read({ name }: Marketplace, id: string, text: string | null): LoginTransaction | null {
  if (text === null) return null;
  const [startedAt, returnTo, params, byGuard = false, protocolState] = JSON.parse(text) as KeptTransaction;
  return {
    id,
    marketplace: name,
    startedAt,
    returnTo,
    params,
    ...(byGuard ? { byGuard } : {}),
    ...(protocolState === undefined ? {} : { protocolState }),
  };
}

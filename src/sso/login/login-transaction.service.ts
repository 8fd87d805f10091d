import { randomBytes } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { SsoOptions } from '../../interfaces/sso-options.interface.js';
import { MAESTRANO_OPTIONS } from '../../maestrano.constants.js';
import { MaestranoStore } from '../../stores/maestrano-store.js';
import { storeKey } from '../../stores/store-key.js';
import type { LoginTransaction } from './login-transaction.interface.js';
import { resolveSsoPolicy } from './sso-policy.js';

/** What the record of a login is found under: the marketplace is part of it, so none can use another's. */
export function loginTransactionKey(marketplace: string, id: string): string {
  return storeKey('sso-request', marketplace, id);
}

/**
 * The one-time records of logins under way, and the guard against repeated assertions. Both are kept in the
 * {@link MaestranoStore}, so that a login may begin on one instance and end on another.
 */
@Injectable()
export class LoginTransactionService {
  constructor(
    private readonly store: MaestranoStore,
    @Inject(MAESTRANO_OPTIONS) private readonly options: { readonly sso?: SsoOptions },
  ) {}

  /**
   * Remembers a login that is about to leave for the identity provider.
   *
   * @param login.returnTo where the person wanted to go, already limited to the application's own origins.
   * @param login.params what is passed on to the provider.
   */
  async begin(
    marketplace: Marketplace,
    login: { readonly returnTo: string | null; readonly params: Readonly<Record<string, string>> },
  ): Promise<LoginTransaction> {
    const transaction: LoginTransaction = {
      id: `_${randomBytes(20).toString('hex')}`,
      marketplace: marketplace.name,
      returnTo: login.returnTo,
      params: login.params,
      startedAt: Date.now(),
    };
    const { requestTtlMs } = resolveSsoPolicy(this.options.sso, marketplace.name);
    await this.store.set(
      loginTransactionKey(marketplace.name, transaction.id),
      JSON.stringify(transaction),
      requestTtlMs,
    );
    return transaction;
  }

  /** The login, left where it is; null when it is unknown, over or used. */
  async peek(marketplace: Marketplace, id: string): Promise<LoginTransaction | null> {
    return parse(await this.store.get(loginTransactionKey(marketplace.name, id)));
  }

  /** The login, which is gone afterwards: of several callers one gets it. */
  async take(marketplace: Marketplace, id: string): Promise<LoginTransaction | null> {
    const transaction = parse(await this.store.take(loginTransactionKey(marketplace.name, id)));
    if (transaction) {
      const { requestTtlMs } = resolveSsoPolicy(this.options.sso, marketplace.name);
      await this.store.set(usedKey(marketplace.name, id), '1', requestTtlMs);
    }
    return transaction;
  }

  /** Whether the login was taken a while ago: tells a reloaded page from a login that never began. */
  async wasTaken(marketplace: Marketplace, id: string): Promise<boolean> {
    return (await this.store.get(usedKey(marketplace.name, id))) !== null;
  }

  /**
   * Marks an assertion as used. Of several callers one gets true.
   *
   * @param until when the assertion ceases to be valid, in milliseconds since the epoch.
   */
  claim(marketplace: Marketplace, assertionId: string, until: number): Promise<boolean> {
    const key = storeKey('sso-replay', marketplace.name, assertionId);
    return this.store.setIfAbsent(key, '1', Math.max(1_000, until - Date.now()));
  }
}

function usedKey(marketplace: string, id: string): string {
  return storeKey('sso-used', marketplace, id);
}

function parse(text: string | null): LoginTransaction | null {
  return text === null ? null : (JSON.parse(text) as LoginTransaction);
}

import { AccountClient } from '../../../src/account/account-client.service.js';
import { AccountService } from '../../../src/account/account.service.js';
import { BillingService } from '../../../src/account/billing.service.js';
import { ChargeIntents } from '../../../src/account/ledger/charge-intents.service.js';
import { ChargeLedger } from '../../../src/account/ledger/charge-ledger.service.js';
import { MembershipService } from '../../../src/account/membership.service.js';
import { MaestranoEvents } from '../../../src/events/maestrano-events.service.js';
import { MaestranoHttp } from '../../../src/http/maestrano-http.service.js';
import type { AccountOptions } from '../../../src/interfaces/account-options.interface.js';
import type { HttpOptions } from '../../../src/interfaces/http-options.interface.js';
import type { Marketplace } from '../../../src/interfaces/marketplace.interface.js';
import { MarketplaceRegistry } from '../../../src/marketplace/marketplace-registry.js';
import type { MaestranoStore } from '../../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { settingsOf } from '../settings.js';

/** The Account API's services over a real client, without an application around them. */
export interface AccountClients {
  readonly http: MaestranoHttp;
  readonly account: AccountService;
  readonly billing: BillingService;
  readonly membership: MembershipService;
  close(): Promise<void>;
}

export interface AccountClientsOptions {
  readonly marketplaces: readonly Marketplace[];
  readonly store?: MaestranoStore;
  readonly http?: HttpOptions;
  readonly account?: AccountOptions;
  readonly events?: MaestranoEvents;
}

export function accountClients(options: AccountClientsOptions): AccountClients {
  const registry = new MarketplaceRegistry();
  registry.replace([...options.marketplaces]);
  const http = new MaestranoHttp(settingsOf({ http: { backoffMs: 1, ...options.http } }).http);
  const { account } = settingsOf({ account: options.account });
  const client = new AccountClient(http, account);
  const events = options.events ?? new MaestranoEvents();
  const store = options.store ?? new MemoryStore();
  const [ledger, intents] = [new ChargeLedger(store), new ChargeIntents(store)];
  return {
    http,
    account: new AccountService(client, registry),
    billing: new BillingService(client, registry, ledger, intents, events, account),
    membership: new MembershipService(client, registry),
    close: () => http.onApplicationShutdown(),
  };
}

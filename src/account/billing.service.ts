import { Inject, Injectable } from '@nestjs/common';

import { MaestranoEvents } from '../events/maestrano-events.service.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import type { AccountSettings } from '../settings/maestrano-settings.js';
import { ACCOUNT_SETTINGS } from '../settings/settings.providers.js';
import { AccountClient } from './account-client.service.js';
import { ChargeCollection, type ChargeMemory } from './charge.collection.js';
import { ChargeIntents } from './ledger/charge-intents.service.js';
import { ChargeLedger, type ListedKeys } from './ledger/charge-ledger.service.js';
import type { Bill, BILL_FIELDS, BillInput } from './resources/bill.js';
import type { RecurringBill, RECURRING_BILL_FIELDS, RecurringBillInput } from './resources/recurring-bill.js';

/** One-time charges. */
export type BillCollection = ChargeCollection<Bill, typeof BILL_FIELDS, BillInput>;

/** Charges that repeat. */
export type RecurringBillCollection = ChargeCollection<
  RecurringBill,
  typeof RECURRING_BILL_FIELDS,
  RecurringBillInput
>;

/** Billing on one marketplace. */
export interface MarketplaceBilling {
  readonly bills: BillCollection;
  readonly recurringBills: RecurringBillCollection;
}

// class-validator is a good part of an application's start: these files, and it, are loaded with the first call.
const bills = async () => (await import('./resources/bill.js')).BILLS;
const recurringBills = async () => (await import('./resources/recurring-bill.js')).RECURRING_BILLS;

/** Charges customers through a marketplace's invoices (protocol §8.6, §8.7). */
@Injectable()
export class BillingService implements MarketplaceBilling {
  /** Bills of the default marketplace. */
  readonly bills: BillCollection;
  /** Recurring bills of the default marketplace. */
  readonly recurringBills: RecurringBillCollection;
  readonly #memory: ChargeMemory;

  constructor(
    private readonly client: AccountClient,
    private readonly registry: MarketplaceRegistry,
    ledger: ChargeLedger,
    intents: ChargeIntents,
    events: MaestranoEvents,
    @Inject(ACCOUNT_SETTINGS) settings: AccountSettings,
  ) {
    this.#memory = { ledger, intents, events, settings: settings.createOnce };
    ({ bills: this.bills, recurringBills: this.recurringBills } = this.#billing());
  }

  /**
   * Billing on a marketplace: by name, looked up at every call, or on the snapshot that a handler was given.
   *
   * @throws MaestranoUnknownMarketplaceError for a name that there is not.
   */
  for(marketplace: string | Marketplace): MarketplaceBilling {
    return this.#billing(marketplace);
  }

  /**
   * Keys of `createOnce` on all marketplaces, newest first: `open` ones are being worked on or undecided, `done` ones stand
   * for a charge. As long as `account.createOnce.rememberMs`, for ever in a durable store.
   *
   * @param page which ones: `before` is the `next` of the page before, left out for the first; `limit` is 1 to 1,000.
   */
  keys(
    state: 'open' | 'done',
    page: { readonly before?: string; readonly limit?: number } = {},
  ): Promise<ListedKeys> {
    const { before, limit = 50 } = page;
    return this.#memory.ledger.list(state, before ?? null, limit);
  }

  /** Milliseconds that a `createOnce` takes at most, unless its call says otherwise: a key that is open for longer is undecided. */
  get createOnceDeadlineMs(): number {
    return this.#memory.settings.deadlineMs;
  }

  #billing(marketplace?: string | Marketplace): MarketplaceBilling {
    const scope = { client: this.client, marketplace: this.registry.resolver(marketplace) };
    return {
      bills: new ChargeCollection(scope, bills, this.#memory),
      recurringBills: new ChargeCollection(scope, recurringBills, this.#memory),
    };
  }
}

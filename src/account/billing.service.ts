import { Inject, Injectable, Optional } from '@nestjs/common';

import type { AccountOptions } from '../interfaces/account-options.interface.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { MAESTRANO_OPTIONS } from '../maestrano.constants.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { numberOption } from '../utils/number-option.js';
import { AccountClient } from './account-client.service.js';
import { ChargeCollection, type ChargeMemory } from './charge.collection.js';
import { ChargeLedger } from './ledger/charge-ledger.service.js';
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

const DAY_MS = 86_400_000;

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
    @Optional() @Inject(MAESTRANO_OPTIONS) options?: { readonly account?: AccountOptions },
  ) {
    const { settleMs, deadlineMs, rememberMs } = options?.account?.createOnce ?? {};
    const settings = {
      settleMs: numberOption('account.createOnce.settleMs', settleMs, 30_000, 0),
      deadlineMs: numberOption('account.createOnce.deadlineMs', deadlineMs, 90_000),
      rememberMs: numberOption('account.createOnce.rememberMs', rememberMs, 400 * DAY_MS, 1, 10_000 * DAY_MS),
    };
    this.#memory = { ledger, settings };
    ({ bills: this.bills, recurringBills: this.recurringBills } = this.#billing());
  }

  /**
   * Billing on a marketplace: by name, looked up at every call, or on the snapshot that a handler was given.
   *
   * @throws UnknownMarketplaceError for a name that there is not.
   */
  for(marketplace: string | Marketplace): MarketplaceBilling {
    return this.#billing(marketplace);
  }

  #billing(marketplace?: string | Marketplace): MarketplaceBilling {
    const scope = { client: this.client, marketplace: this.registry.resolver(marketplace) };
    return {
      bills: new ChargeCollection(scope, bills, this.#memory),
      recurringBills: new ChargeCollection(scope, recurringBills, this.#memory),
    };
  }
}

import type { UsageStatement } from '../../../src/usage/statement/usage-statement.js';
import type { UsageChainRef } from '../../../src/usage/usage-references.js';
import { MaestranoInvalidRequestError } from '../../../src/errors/account.error.js';
import type { BillInput } from '../../../src/account/resources/bill.js';
import { knownCompany, type UsageCompany } from '../../../src/usage/engine/usage-company.js';
import type { MarketplaceBill, UsageBilling, UsageContext } from '../../../src/usage/engine/usage-context.js';
import type { UsageEvent } from '../../../src/usage/engine/usage-event.js';
import type { UsageMeter } from '../../../src/usage/meters/usage-meter.js';
import { MemoryUsageStore } from '../../../src/usage/store/memory-usage-store.js';
import type { UsageStore } from '../../../src/usage/store/usage-store.js';
import type { MaestranoUsageOptions } from '../../../src/usage/usage-options.interface.js';
import { UsageOperations } from '../../../src/usage/usage-operations.js';
import { resolveUsageSettings, type UsageSettings } from '../../../src/usage/usage-settings.js';

/** A bill as the marketplace keeps it. */
export interface KeptBill extends BillInput {
  readonly id: string;
  readonly key: string;
  readonly status: 'submitted' | 'invoiced' | 'cancelled';
  readonly at: number;
}

/** The marketplace as `createOnce` shows it: one bill for a key; invoices on the first of the month, UTC. */
export class UsageMarketplace implements UsageBilling {
  readonly bills = new Map<string, KeptBill>();
  calls = 0;
  /** Thrown instead of working, while set. */
  failing: (() => Error) | null = null;

  constructor(private readonly now: () => number) {}

  async createOnce(_marketplace: string, key: string, bill: BillInput): Promise<string> {
    this.calls += 1;
    if (this.failing) throw this.failing();
    this.tick();
    const known = this.bills.get(key);
    if (known && contentOf(known) !== contentOf(bill)) throw refusal('account.keyConflict');
    const id = known?.id ?? `bill-${this.bills.size + 1}`;
    if (!known) this.bills.set(key, { ...bill, id, key, status: 'submitted', at: this.now() });
    return id;
  }

  async find(_marketplace: string, id: string): Promise<MarketplaceBill | null> {
    if (this.failing) throw this.failing();
    const bill = this.list.find((one) => one.id === id);
    return bill
      ? {
          priceCents: bill.priceCents,
          currency: bill.currency ?? null,
          isCancelled: bill.status === 'cancelled',
        }
      : null;
  }

  async cancel(_marketplace: string, id: string): Promise<void> {
    if (this.failing) throw this.failing();
    this.tick();
    const bill = [...this.bills.values()].find((one) => one.id === id)!;
    if (bill.status === 'invoiced') throw refusal('account.invalidRequest');
    this.bills.set(bill.key, { ...bill, status: 'cancelled' });
  }

  tick(): void {
    const today = new Date(this.now());
    const first = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), 1);
    for (const [key, bill] of this.bills) {
      if (bill.status === 'submitted' && bill.at < first)
        this.bills.set(key, { ...bill, status: 'invoiced' });
    }
  }

  get list(): readonly KeptBill[] {
    return [...this.bills.values()];
  }

  /** Cents of all bills that were not taken back. */
  get cents(): number {
    return this.list.reduce(
      (sum, { status, priceCents }) => sum + (status === 'cancelled' ? 0 : priceCents),
      0,
    );
  }
}

function contentOf({ priceCents, currency, description }: BillInput): string {
  return JSON.stringify([priceCents, currency, description]);
}

/** As the marketplace, or `createOnce`, rejects. */
export function refusal(
  code: 'account.invalidRequest' | 'account.keyConflict',
): MaestranoInvalidRequestError {
  return new MaestranoInvalidRequestError(code, {
    marketplace: 'one',
    operation: 'POST account/bills',
    status: 400,
    fields: { group_id: ['cannot be charged'] },
  });
}

export interface UsageWorldOptions extends Partial<MaestranoUsageOptions> {
  readonly meters: Readonly<Record<string, UsageMeter>>;
  readonly now?: string;
  readonly store?: UsageStore;
}

/** The real classes on a clock that a test sets, with a marketplace of the test's own. */
export class UsageWorld {
  now: number;
  company: UsageCompany | null = {};
  /** Whether a company is known; every one, by default. */
  knows: (group: string) => boolean = () => true;
  readonly events: UsageEvent[] = [];
  readonly store: UsageStore;
  readonly marketplace: UsageMarketplace;
  readonly context: UsageContext;
  readonly usage: UsageOperations;

  readonly #settings: UsageSettings;

  constructor({ now, ...options }: UsageWorldOptions) {
    this.now = Date.parse(now ?? '2026-09-15T00:00:00Z');
    this.store = options.store ?? new MemoryUsageStore();
    this.#settings = resolveUsageSettings({ schedule: 'off', ...options, store: this.store });
    this.marketplace = new UsageMarketplace(() => this.now);
    this.context = this.contextOn(this.store, this.marketplace);
    this.usage = new UsageOperations(this.context);
  }

  /** A context of another process. */
  contextOn(store: UsageStore, billing: UsageBilling): UsageContext {
    return {
      settings: { ...this.#settings, store },
      store,
      billing,
      company: async ({ group }) => (this.company && this.knows(group) ? knownCompany(this.company) : null),
      emit: async (event) => void this.events.push(event),
      now: () => this.now,
    };
  }

  /** The operations of another process on the same store and marketplace. */
  restarted(): UsageOperations {
    return new UsageOperations(this.contextOn(this.store, this.marketplace));
  }

  at(moment: string): this {
    this.now = Date.parse(moment);
    return this;
  }

  /** Statements of a chain, the newest first. */
  async statements(ref: UsageChainRef): Promise<UsageStatement[]> {
    const all: UsageStatement[] = [];
    for await (const one of this.usage.statements(ref)) all.push(one);
    return all;
  }

  /** What was billed, in the order of the bills. */
  get cents(): readonly number[] {
    return this.marketplace.list.map(({ priceCents }) => priceCents);
  }
}

/** A fact of a meter. */
export function factOf(
  ref: UsageChainRef,
  id: string,
  at: string,
  quantity: string | number = 1,
  key?: string,
) {
  return { ...ref, id, at: new Date(at), quantity, ...(key !== undefined && { key }) };
}

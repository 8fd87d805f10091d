import type { BillInput } from '../../account/resources/bill.js';
import type { UsageStore } from '../store/usage-store.js';
import type { UsageSettings } from '../usage-settings.js';
import type { KnownCompany } from './usage-company.js';
import type { UsageEvent } from './usage-event.js';

/** Times that a write is tried again because somebody else wrote meanwhile: then it is `usage.contention`. */
export const MAX_TRIES = 50;

/** Bounds of a call to the marketplace. */
export interface UsageCall {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** What is compared of a bill. */
export interface MarketplaceBill {
  /** Null where the marketplace does not say, as with the currency. */
  readonly priceCents: number | null;
  readonly currency: string | null;
  /** Whether it was taken back. */
  readonly isCancelled: boolean;
}

/** What the engine needs of the marketplaces. */
export interface UsageBilling {
  /** Makes a bill once for each key; resolves with its id. */
  createOnce(marketplace: string, key: string, bill: BillInput, call: UsageCall): Promise<string>;
  /** A bill as the marketplace has it; null when it has none of that id. */
  find(marketplace: string, id: string, call: UsageCall): Promise<MarketplaceBill | null>;
  /** Takes a bill back; rejects when it is invoiced. */
  cancel(marketplace: string, id: string, call: UsageCall): Promise<void>;
}

/** What every part of the engine works with. */
export interface UsageContext {
  readonly settings: UsageSettings;
  readonly store: UsageStore;
  readonly billing: UsageBilling;
  /** What is known of a company; null when there is none. Rejects when nobody can be asked. */
  readonly company: (
    company: { readonly marketplace: string; readonly group: string },
    call: UsageCall,
  ) => Promise<KnownCompany | null>;
  readonly emit: (event: UsageEvent) => Promise<void>;
  readonly now: () => number;
}

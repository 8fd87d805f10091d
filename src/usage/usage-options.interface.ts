import type { UsageMeter } from './meters/usage-meter.js';
import type { UsageStore } from './store/usage-store.js';
import type { UsageCompany } from './engine/usage-company.js';
import type { UsageEvent } from './engine/usage-event.js';

/** What the metering of an application consists of. */
export interface MaestranoUsageOptions {
  /** Where facts and statements are kept: `SqlUsageStore` in production. */
  readonly store: UsageStore;
  /** Meters by name. A name must never change. */
  readonly meters: Readonly<Record<string, UsageMeter>>;
  /** How old a fact may be, and how long its id is remembered, as `'100d'` or milliseconds; 100 days by default. */
  readonly acceptFor?: string | number;
  /** How long facts of periods are kept that cannot change any more; `acceptFor` by default, and no less. */
  readonly keepFacts?: string | number;
  /**
   * Whether what is due is closed by itself; `hourly` by default: by the queue of the application's `MaestranoBullmqModule` or
   * `MaestranoPgQueueModule` where there is one, else by a timer of this process. With `off` a job of yours calls `close()`.
   */
  readonly schedule?: 'hourly' | 'off';
  /**
   * Zone, currency, card and trial of a company, from the application's own data; the marketplace is asked by default.
   * Null for a company that there is not: facts of one that nothing was recorded of are then rejected (`usage.unknownGroup`).
   */
  readonly company?: (company: {
    readonly marketplace: string;
    readonly group: string;
  }) => UsageCompany | null | Promise<UsageCompany | null>;
  /** Called with what a person should know: money that cannot be billed, holds that ran out. */
  readonly onEvent?: (event: UsageEvent) => void | Promise<void>;
  /** Lets a store run in production that is over with the process; false by default. */
  readonly acceptDataLoss?: boolean;
}

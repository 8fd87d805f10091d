import type { AmountsIn } from '../exact/currency-step.js';
import type { UsageAggregate } from '../rating/fact-values.js';
import type { UsagePrice } from '../rating/price-table.js';

/** When periods of a meter end (usage §3.5). */
export type UsageCycle =
  | {
      readonly every: 'month';
      /** 1 to 31, where 31 is the last day of shorter months; `company`: that of the company's creation. 1 by default. */
      readonly day?: number | 'company';
    }
  | {
      readonly every: 'week';
      /** 1 for Monday, by default, to 7. */
      readonly weekday?: number;
    };

/** Something that is counted and charged. */
export interface UsageMeter {
  /** How facts become a quantity; `timeWeighted` for levels that hold, such as seats. */
  readonly aggregate: UsageAggregate;
  /** Of `timeWeighted`: by the millisecond, or each day with its highest level; `exact` by default. */
  readonly resolution?: 'exact' | 'day';
  /** What the customer reads on the invoice: printable ASCII of at most 100 characters, one for each meter. */
  readonly label: string;
  /** What one unit is called on the statement, `message`; nothing by default. */
  readonly unitLabel?: string;
  /** Since when it counts: older facts are rejected. */
  readonly from?: Date;
  /** Passed through for somebody else, and not subject to the marketplace's commission; false by default. */
  readonly thirdParty?: boolean;
  /** Prices by currency (ISO 4217), in the order of their moments: they are only ever added. */
  readonly prices: Readonly<Record<string, readonly UsagePrice[]>>;
  /** What bills count of currencies that have no hundredths, such as yen and dinars: required for those. */
  readonly amountsIn?: AmountsIn;
  /** By the month by default. */
  readonly cycle?: UsageCycle;
  /** Zone of companies that have none: `UTC` by default. `zoneOf: 'meter'` has it hold for all. */
  readonly zone?: string;
  /** Whose zone bounds the periods; the company's by default. */
  readonly zoneOf?: 'company' | 'meter';
  /** How long a period waits for late facts, as `'3d'`, `'12h'` or milliseconds; 3 days by default. */
  readonly grace?: string | number;
  /** Whether usage within the company's free trial costs nothing; `free` by default. */
  readonly trial?: 'free' | 'charge';
  /** What becomes of bills for companies without a card; `hold` by default. */
  readonly noCard?: 'hold' | 'bill';
  /** What is less is carried on, in the main unit; the smallest amount that can be billed by default. */
  readonly minBill?: string;
  /**
   * What is more waits for `approve()`, in the main unit; a million of the currency's smallest units by default, as in
   * 10,000.00 dollars and 1,000,000 yen.
   */
  readonly maxBill?: string;
}

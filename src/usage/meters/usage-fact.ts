import type { MaestranoUsageError } from '../../errors/usage.error.js';

/** One use of something that is metered (usage §3.1). */
export interface UsageFact {
  /** Name of the marketplace. */
  readonly marketplace: string;
  /** The customer company, `cld-…`. */
  readonly group: string;
  /** Name of the meter. */
  readonly meter: string;
  /**
   * Names the use: 1 to 200 printable characters, the same at every try. It is compared byte by byte, within the company
   * and the meter, and remembered for `acceptFor`.
   */
  readonly id: string;
  /** When it happened: the same at every try. */
  readonly at: Date;
  /** From 0 up: decimal text with at most 12 digits and 6 places, or a whole number; 1 by default. */
  readonly quantity?: string | number;
  /** Whose level it is (`timeWeighted`), or what is counted once (`uniqueCount`); at most 200 printable characters. */
  readonly key?: string;
}

/** What became of a fact: `late` ones go into the next statement as a correction. */
export type UsageRecorded = 'recorded' | 'late' | 'duplicate';

/** What became of one fact of many. */
export type UsageRecordResult =
  | { readonly id: string; readonly result: UsageRecorded }
  | { readonly id: string; readonly result: 'refused'; readonly error: MaestranoUsageError };

/** Another quantity for a fact, or none (usage §5.4). */
export interface UsageCorrection {
  readonly marketplace: string;
  readonly group: string;
  readonly meter: string;
  /** Names the correction, in the same names as facts. */
  readonly id: string;
  /** Id of the fact. */
  readonly corrects: string;
  /** The quantity that holds from now on; null takes the fact away. */
  readonly quantity: string | number | null;
}

import type { BillingPeriod } from '../entities/recurring-bill.entity.js';

/** What every charge takes. */
interface ChargeInput {
  /** The customer company, `cld-…`; it must be one of the application's own. */
  readonly groupId: string;
  /** Total in hundredths of the currency: a positive integer. */
  readonly priceCents: number;
  /** What the customer reads on the invoice. */
  readonly description: string;
  /** ISO 4217 in upper case; the marketplace takes `AUD` when it is left out. */
  readonly currency?: string;
}

/** A one-time charge (protocol §8.6). */
export interface BillInput extends ChargeInput {
  /** Number of units, informational: positive, at most two decimal places, as a number or as text such as `2.5`. */
  readonly units?: number | string;
  /** Shown to the customer when both dates are there: give both or none. ISO 8601 text is read as UTC without zone. */
  readonly periodStartedAt?: Date | string;
  /** Not before `periodStartedAt`. */
  readonly periodEndedAt?: Date | string;
  /** Passed through for somebody else: not subject to the marketplace's commission. */
  readonly thirdParty?: boolean;
}

/** A charge that repeats (protocol §8.7). */
export interface RecurringBillInput extends ChargeInput {
  /** The marketplace takes `Month` when it is left out. */
  readonly period?: BillingPeriod;
  /** Periods between two charges, 1 when left out. Together at most a year; 1 for `SemiMonth`. */
  readonly frequency?: number;
  /** Number of charges; endless when left out. */
  readonly cycles?: number;
  /** First charge; now when left out. */
  readonly startDate?: Date | string;
  /** A first charge that does not repeat, in hundredths of the currency. */
  readonly initialCents?: number;
}

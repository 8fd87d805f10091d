import { type AccountEntity, EntityReader, type RecordOrigin } from './entity-reader.js';

/** How often a recurring bill charges. The platform answers in lower case; read it in this spelling. */
export const BILLING_PERIODS = ['Day', 'Week', 'SemiMonth', 'Month', 'Year'] as const;

/** How often a recurring bill charges; `SemiMonth` is twice a month. */
export type BillingPeriod = (typeof BILLING_PERIODS)[number];

/** Known states of a recurring bill; others are passed on as they come. */
export type RecurringBillStatus = 'submitted' | 'active' | 'expired' | 'cancelled' | (string & {});

/** A charge that repeats (protocol §8.7). */
export interface RecurringBill extends AccountEntity {
  readonly groupId: string | null;
  /** Price of one cycle in hundredths of the currency. */
  readonly priceCents: number | null;
  readonly description: string | null;
  /** ISO 4217. */
  readonly currency: string | null;
  /** An unknown period is passed on as it came. */
  readonly period: BillingPeriod | (string & {}) | null;
  /** Periods between two charges. */
  readonly frequency: number | null;
  /** Number of charges; null for an endless one. */
  readonly cycles: number | null;
  readonly startDate: Date | null;
  /** A first charge that does not repeat, in hundredths of the currency. */
  readonly initialCents: number | null;
  readonly status: RecurringBillStatus | null;
  readonly lastExecutionAt: Date | null;
  readonly nextExecutionAt: Date | null;
  readonly remainingCycles: number | null;
}

export function toRecurringBill(record: unknown, origin: RecordOrigin): RecurringBill {
  const reader = new EntityReader(record, origin);
  const period = reader.text('period');
  return Object.freeze({
    ...reader.common,
    groupId: reader.text('group_id'),
    priceCents: reader.integer('price_cents'),
    description: reader.text('description'),
    currency: reader.text('currency'),
    period: BILLING_PERIODS.find((known) => known.toLowerCase() === period?.toLowerCase()) ?? period,
    frequency: reader.integer('frequency'),
    cycles: reader.integer('cycles'),
    startDate: reader.date('start_date'),
    initialCents: reader.integer('initial_cents'),
    status: reader.text('status'),
    lastExecutionAt: reader.date('last_execution_at'),
    nextExecutionAt: reader.date('next_execution_at'),
    remainingCycles: reader.integer('remaining_cycles'),
  });
}

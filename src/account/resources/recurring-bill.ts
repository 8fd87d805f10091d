import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';

import {
  type AccountEntity,
  date,
  ENTITY_FIELDS,
  type FieldsOf,
  type FieldType,
  type FilterOf,
  integer,
  text,
} from '../fields.js';
import {
  ChargeDto,
  type ChargeInput,
  type ChargeResource,
  Holds,
  IsMoment,
  MAX_CENTS,
  MAX_TEXT,
  validPayload,
} from './charge.js';

/** How often a recurring bill charges, with the most periods between two charges: at most a year. */
const MAX_FREQUENCY = { Day: 365, Week: 52, SemiMonth: 1, Month: 12, Year: 1 } as const;

/** How often a recurring bill charges; `SemiMonth` is twice a month. */
export type BillingPeriod = keyof typeof MAX_FREQUENCY;

const PERIODS = Object.keys(MAX_FREQUENCY) as BillingPeriod[];

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

/** A charge that repeats, to make (protocol §8.7). */
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

/** The platform writes it in lower case: it is read as {@link BillingPeriod} spells it, and compared in any case. */
const period: FieldType<string, string> = {
  ...text,
  read: (value) => PERIODS.find((known) => isSamePeriod(known, value)) ?? text.read(value),
  compare: (found, wanted) => (isSamePeriod(found, wanted) ? 0 : Number.NaN),
  mayBe: isSamePeriod,
};

/** The fields of a recurring bill: how each is read, filtered by, sent and compared. */
export const RECURRING_BILL_FIELDS = {
  ...ENTITY_FIELDS,
  groupId: { column: 'group_id', type: text },
  priceCents: { column: 'price_cents', type: integer },
  description: { column: 'description', type: text },
  currency: { column: 'currency', type: text },
  period: { column: 'period', type: period, local: true },
  frequency: { column: 'frequency', type: integer },
  cycles: { column: 'cycles', type: integer },
  startDate: { column: 'start_date', type: date },
  initialCents: { column: 'initial_cents', type: integer, filter: false, unreliable: true },
  status: { column: 'status', type: text },
  lastExecutionAt: { column: 'last_execution_at', type: date, filter: false },
  nextExecutionAt: { column: 'next_execution_at', type: date, filter: false },
  remainingCycles: { column: 'remaining_cycles', type: integer, filter: false },
} as const satisfies FieldsOf<RecurringBill> & Record<keyof RecurringBillInput, unknown>;

/** What a list of recurring bills is filtered by. */
export type RecurringBillFilter = FilterOf<typeof RECURRING_BILL_FIELDS>;

/** The bill of the first charge is described as "Initial: " and the description (protocol §8.7). */
const MAX_INITIAL_TEXT = MAX_TEXT - 'Initial: '.length;

class RecurringBillDto extends ChargeDto implements Record<keyof RecurringBillInput, unknown> {
  @IsOptional()
  @IsIn(PERIODS)
  period: BillingPeriod | undefined;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Holds(
    'isFrequency',
    'frequency must be 1 for SemiMonth, and period times frequency at most a year',
    fitsIntoAYear,
  )
  frequency: number | undefined;

  @IsOptional()
  @IsInt()
  @Min(1)
  cycles: number | undefined;

  @IsOptional()
  @IsMoment()
  startDate: Date | string | undefined;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_CENTS)
  @Holds(
    'leavesRoom',
    `initialCents must have a description of at most ${MAX_INITIAL_TEXT} characters`,
    leavesRoom,
  )
  initialCents: number | undefined;
}

/** Charges that repeat (protocol §8.7). */
export const RECURRING_BILLS: ChargeResource<
  RecurringBill,
  typeof RECURRING_BILL_FIELDS,
  RecurringBillInput
> = {
  name: 'recurring_bills',
  fields: RECURRING_BILL_FIELDS,
  filters: RECURRING_BILL_FIELDS,
  toPayload: (input, context) =>
    validPayload(RECURRING_BILL_FIELDS, Object.assign(new RecurringBillDto(), input), context),
};

function isSamePeriod(one: unknown, other: unknown): boolean {
  return String(one).toLowerCase() === (typeof other === 'string' ? other.toLowerCase() : null);
}

function leavesRoom({ initialCents = 0, description }: Partial<RecurringBillDto>): boolean {
  return initialCents === 0 || Array.from(description ?? '').length <= MAX_INITIAL_TEXT;
}

function fitsIntoAYear(input: RecurringBillDto): boolean {
  const longest: number | undefined = MAX_FREQUENCY[input.period ?? 'Month'];
  return longest === undefined || (input.frequency ?? 1) <= longest;
}

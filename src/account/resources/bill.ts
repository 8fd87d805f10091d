import { IsBoolean, IsOptional, ValidateBy, ValidateIf } from 'class-validator';

import { compareDecimals, decimalPlaces, toDecimalText } from '../../utils/decimal.js';
import {
  type AccountEntity,
  boolean,
  date,
  decimal,
  ENTITY_FIELDS,
  type FieldsOf,
  type FilterOf,
  integer,
  text,
  toMoment,
} from '../fields.js';
import { ChargeDto, type ChargeInput, type ChargeResource, Holds, IsMoment, validPayload } from './charge.js';

/** Known states of a bill; others are passed on as they come. */
export type BillStatus = 'submitted' | 'invoiced' | 'cancelled' | (string & {});

/** A one-time charge on a group's next invoice (protocol §8.6). */
export interface Bill extends AccountEntity {
  readonly groupId: string | null;
  /** Total in hundredths of the currency, whatever `units` says. */
  readonly priceCents: number | null;
  readonly description: string | null;
  /** ISO 4217. */
  readonly currency: string | null;
  /** Exact decimal text such as `2.5`, informational; `compareDecimals` compares two. */
  readonly units: string | null;
  readonly periodStartedAt: Date | null;
  readonly periodEndedAt: Date | null;
  /** Not subject to the marketplace's commission. */
  readonly thirdParty: boolean | null;
  readonly status: BillStatus | null;
}

/** A one-time charge to make (protocol §8.6). */
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

/** The fields of a bill: how each is read, filtered by, sent and compared. */
export const BILL_FIELDS = {
  ...ENTITY_FIELDS,
  groupId: { column: 'group_id', type: text },
  priceCents: { column: 'price_cents', type: integer },
  description: { column: 'description', type: text },
  currency: { column: 'currency', type: text },
  units: { column: 'units', type: decimal },
  // The official ruby SDK's fixtures leave out `ed_at`.
  periodStartedAt: { column: 'period_started_at', alias: 'period_start', type: date },
  periodEndedAt: { column: 'period_ended_at', alias: 'period_end', type: date },
  thirdParty: { column: 'third_party', type: boolean, unreliable: true, local: true },
  status: { column: 'status', type: text },
} as const satisfies FieldsOf<Bill> & Record<keyof BillInput, unknown>;

/** What a list of bills is filtered by. */
export type BillFilter = FilterOf<typeof BILL_FIELDS>;

class BillDto extends ChargeDto implements Record<keyof BillInput, unknown> {
  @IsOptional()
  @IsUnits()
  units: number | string | undefined;

  @ValidateIf(hasPeriod)
  @IsMoment()
  periodStartedAt: Date | string | undefined;

  // Shown to the customer only when both are there: one alone is a mistake.
  @ValidateIf(hasPeriod)
  @IsMoment()
  @Holds('isPeriod', 'periodEndedAt must not be before periodStartedAt', endsAfterItStarts)
  periodEndedAt: Date | string | undefined;

  @IsOptional()
  @IsBoolean()
  thirdParty: boolean | undefined;
}

/** One-time charges (protocol §8.6). */
export const BILLS: ChargeResource<Bill, typeof BILL_FIELDS, BillInput> = {
  name: 'bills',
  fields: BILL_FIELDS,
  filters: BILL_FIELDS,
  toPayload: (input, context) => validPayload(BILL_FIELDS, Object.assign(new BillDto(), input), context),
};

/** A positive decimal with at most eight digits before and two behind the point: a column of the platform. */
function IsUnits(): PropertyDecorator {
  return ValidateBy({
    name: 'isUnits',
    validator: {
      validate: (value) => {
        const units = toDecimalText(value);
        return (
          units !== null &&
          decimalPlaces(units) <= 2 &&
          compareDecimals(units, '0') > 0 &&
          compareDecimals(units, '100000000') < 0
        );
      },
      defaultMessage: () => '$property must be a positive decimal with at most two places',
    },
  });
}

function hasPeriod(input: BillDto): boolean {
  return (input.periodStartedAt ?? input.periodEndedAt ?? null) !== null;
}

function endsAfterItStarts(input: BillDto): boolean {
  const start = toMoment(input.periodStartedAt);
  const end = toMoment(input.periodEndedAt);
  return start === null || end === null || start <= end;
}

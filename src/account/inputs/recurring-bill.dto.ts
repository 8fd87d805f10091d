import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';

import { BILLING_PERIODS, type BillingPeriod } from '../entities/recurring-bill.entity.js';
import { ChargeDto, MAX_CENTS } from './charge.dto.js';
import { Holds, IsMoment } from './input-rules.js';

/** Most periods of each kind between two charges: a year, and never more than one half month. */
const MAX_FREQUENCY: Readonly<Record<BillingPeriod, number>> = {
  Day: 365,
  Week: 52,
  SemiMonth: 1,
  Month: 12,
  Year: 1,
};

/** Rules of a recurring bill (protocol §8.7). */
export class RecurringBillDto extends ChargeDto {
  @IsOptional()
  @IsIn(BILLING_PERIODS)
  period?: BillingPeriod;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Holds(
    'isFrequency',
    'frequency must be 1 for SemiMonth, and period times frequency at most a year',
    fitsIntoAYear,
  )
  frequency?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  cycles?: number;

  @IsOptional()
  @IsMoment()
  startDate?: Date | string;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_CENTS)
  initialCents?: number;
}

function fitsIntoAYear(input: RecurringBillDto): boolean {
  const longest: number | undefined = MAX_FREQUENCY[input.period ?? 'Month'];
  return longest === undefined || (input.frequency ?? 1) <= longest;
}

import { IsBoolean, IsOptional, ValidateIf } from 'class-validator';

import { ChargeDto } from './charge.dto.js';
import { Holds, IsMoment, IsUnits, toMoment } from './input-rules.js';

/** Rules of a bill (protocol §8.6). */
export class BillDto extends ChargeDto {
  @IsOptional()
  @IsUnits()
  units?: number | string;

  @ValidateIf(hasPeriod)
  @IsMoment()
  periodStartedAt?: Date | string;

  // Shown to the customer only when both are there: one alone is a mistake.
  @ValidateIf(hasPeriod)
  @IsMoment()
  @Holds('isPeriod', 'periodEndedAt must not be before periodStartedAt', endsAfterItStarts)
  periodEndedAt?: Date | string;

  @IsOptional()
  @IsBoolean()
  thirdParty?: boolean;
}

function hasPeriod(input: BillDto): boolean {
  return (input.periodStartedAt ?? input.periodEndedAt ?? null) !== null;
}

function endsAfterItStarts(input: BillDto): boolean {
  const start = toMoment(input.periodStartedAt);
  const end = toMoment(input.periodEndedAt);
  return start === null || end === null || start <= end;
}

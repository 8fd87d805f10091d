import {
  IsInt,
  IsISO4217CurrencyCode,
  IsNotEmpty,
  IsOptional,
  IsString,
  IsUppercase,
  Max,
  MaxLength,
  Min,
} from 'class-validator';

/** Largest number of cents that is sent: far beyond any bill, and exact everywhere. */
export const MAX_CENTS = 999_999_999_999;

/** Rules that bills and recurring bills share (protocol §8.6, §8.7). */
export class ChargeDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  groupId!: string;

  @IsInt()
  @Min(1)
  @Max(MAX_CENTS)
  priceCents!: number;

  @IsString()
  @IsNotEmpty()
  @MaxLength(2_000)
  description!: string;

  // The platform refuses lower case.
  @IsOptional()
  @IsISO4217CurrencyCode()
  @IsUppercase()
  currency?: string;
}

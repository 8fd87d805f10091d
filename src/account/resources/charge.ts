import {
  IsInt,
  IsISO4217CurrencyCode,
  IsNotEmpty,
  IsOptional,
  IsString,
  IsUppercase,
  Max,
  Min,
  ValidateBy,
  validateSync,
  type ValidationError,
} from 'class-validator';

import { MaestranoInvalidRequestError } from '../../errors/account.error.js';
import type { AccountResource } from '../account.collection.js';
import { type AccountEntity, type Fields, type Payload, toMoment, toPayload } from '../fields.js';

/** What every charge takes (protocol §8.6, §8.7). */
export interface ChargeInput {
  /** The customer company, `cld-…`; it must be one of the application's own. */
  readonly groupId: string;
  /** Total in hundredths of the currency: a positive integer. */
  readonly priceCents: number;
  /** What the customer reads on the invoice: one line of at most 255 characters. */
  readonly description: string;
  /** ISO 4217 in upper case; the marketplace takes `AUD` when it is left out. */
  readonly currency?: string;
}

/** For errors: where the payload would go. */
export interface PayloadContext {
  readonly marketplace: string;
  readonly operation: string;
}

/** What makes one kind of charge different from another. */
export interface ChargeResource<T extends AccountEntity, F extends Fields, I> extends AccountResource<T, F> {
  /**
   * Validates the input and writes it as the server does.
   *
   * @throws MaestranoInvalidRequestError (`account.invalidInput`) with messages by field; nothing was sent.
   */
  readonly toPayload: (input: I, context: PayloadContext) => Payload;
}

/** Largest number of cents that is sent: far beyond any bill, and exact everywhere. */
export const MAX_CENTS = 999_999_999_999;

/** Characters that a text column of the platform keeps; what is longer may come back shortened (protocol §8.6). */
export const MAX_TEXT = 255;

/** Rules that bills and recurring bills share. A class that implements this record has a rule for every field. */
export class ChargeDto implements Record<keyof ChargeInput, unknown> {
  @IsString()
  @IsNotEmpty()
  @IsLine(200)
  groupId!: string;

  @IsInt()
  @Min(1)
  @Max(MAX_CENTS)
  priceCents!: number;

  @IsString()
  @IsNotEmpty()
  @IsLine(MAX_TEXT)
  description!: string;

  // The platform rejects lower case.
  @IsOptional()
  @IsISO4217CurrencyCode()
  @IsUppercase()
  currency: string | undefined;
}

/** What a server loses, or cannot even list again: control characters, line separators, halves of a character. */
const UNKEPT = /[\p{Cc}\p{Cs}\u2028\u2029]/u;

/** Text that comes back from the platform as it was sent: one line, whose characters are counted as databases do. */
export function IsLine(most: number): PropertyDecorator {
  return ValidateBy({
    name: 'isLine',
    validator: {
      validate: (value) =>
        typeof value === 'string' && !UNKEPT.test(value) && Array.from(value).length <= most,
      defaultMessage: () =>
        `$property must be one line of at most ${most} characters, without control characters`,
    },
  });
}

/** A valid Date, or ISO 8601 text. */
export function IsMoment(): PropertyDecorator {
  return ValidateBy({
    name: 'isMoment',
    validator: {
      validate: (value) => toMoment(value) !== null,
      defaultMessage: () => '$property must be a valid Date or ISO 8601 text',
    },
  });
}

/** A rule that looks at the whole input; it is checked even when the property itself is absent. */
export function Holds<T extends object>(
  name: string,
  message: string,
  rule: (input: T) => boolean,
): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (_value, context) => rule(context?.object as T),
      defaultMessage: () => message,
    },
  });
}

/**
 * The body of a creation, of an input that was copied into its DTO.
 *
 * @throws MaestranoInvalidRequestError (`account.invalidInput`) with messages by field; nothing was sent.
 */
export function validPayload(fields: Fields, dto: ChargeDto, context: PayloadContext): Payload {
  const problems = validateSync(dto, {
    whitelist: true,
    forbidNonWhitelisted: true,
    validationError: { target: false, value: false },
  });
  if (problems.length === 0) return toPayload(fields, dto);
  const messages = Object.fromEntries(problems.map((problem) => [problem.property, messagesOf(problem)]));
  throw new MaestranoInvalidRequestError('account.invalidInput', {
    message: `the input is not acceptable: ${Object.keys(messages).join(', ')}.`,
    ...context,
    fields: messages,
    remedy: 'Nothing was sent; error.fields says what each of them must be.',
  });
}

function messagesOf(problem: ValidationError): string[] {
  if (problem.constraints?.whitelistValidation) return ['is no field of this input'];
  const prefix = `${problem.property} `;
  return Object.values(problem.constraints ?? { invalid: 'is invalid' }).map((message) =>
    message.startsWith(prefix) ? message.slice(prefix.length) : message,
  );
}

import { ValidateBy } from 'class-validator';

import { compareDecimals, decimalPlaces, toDecimalText } from '../../utils/decimal.js';
import { parsePlatformDate } from '../../utils/platform-date.js';

/** The moment that a Date or an ISO 8601 text means; null for anything else. */
export function toMoment(value: unknown): Date | null {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value;
  return parsePlatformDate(value);
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

/** A rule that looks at the whole input; it is asked even when the property itself is absent. */
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

/** A positive decimal with at most eight digits before and two behind the point: a column of the platform. */
export function IsUnits(): PropertyDecorator {
  return ValidateBy({
    name: 'isUnits',
    validator: {
      validate: (value) => {
        const text = toDecimalText(value);
        return (
          text !== null &&
          decimalPlaces(text) <= 2 &&
          compareDecimals(text, '0') > 0 &&
          compareDecimals(text, '100000000') < 0
        );
      },
      defaultMessage: () => '$property must be a positive decimal with at most two places',
    },
  });
}

import { ConfigurationError } from '../errors/configuration.error.js';

/** Longest that a timer of Node can wait, in milliseconds; larger values would end at once. */
const MAX_TIMER = 2_147_483_647;

/**
 * A number of an option, or its default when it is left out.
 *
 * @param name the option as it is written, such as `http.timeoutMs`.
 * @throws ConfigurationError (`configuration.options`) for anything but a whole number from `least` on.
 */
export function numberOption(
  name: string,
  value: number | undefined,
  byDefault: number,
  least = 1,
  most = MAX_TIMER,
): number {
  if (value === undefined) return byDefault;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ConfigurationError('configuration.options', {
    message: `The option ${name} is not a whole number from ${least} to ${most}.`,
    remedy: 'Correct it, or leave it out for the default.',
  });
}

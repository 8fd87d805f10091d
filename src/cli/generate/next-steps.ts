import type { Advice } from './main-review.js';

/** What is left to do after an integration was written. */
export const NEXT_STEPS =
  '\nNext: set MNO_DEVPL_ENV_KEY, MNO_DEVPL_ENV_SECRET and MAESTRANO_SESSION_SECRET (32 characters or more).\n';

/** What has to be written by hand, as text. */
export function describeAdvice(advice: readonly Advice[]): string {
  return advice
    .map(
      ({ place, reason, lines }) => `\n${place}: ${reason}\n${lines.map((line) => `    ${line}\n`).join('')}`,
    )
    .join('');
}

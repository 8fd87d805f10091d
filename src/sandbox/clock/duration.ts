import { SandboxError } from '../../errors/sandbox.error.js';

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A span of time: milliseconds, or text such as `31d`, `-90s`, `1h30m`. */
export type SandboxDuration = number | string;

/**
 * A span of time in milliseconds.
 *
 * @throws SandboxError `sandbox.duration` when the text is none.
 */
export function milliseconds(duration: SandboxDuration): number {
  if (typeof duration === 'number') return duration;
  const match = /^(-?)((?:\d+(?:\.\d+)?(?:ms|[smhd]))+)$/.exec(duration.trim());
  if (!match) {
    throw new SandboxError('sandbox.duration', {
      message: `"${duration}" is no span of time.`,
      remedy: 'Write 500ms, 90s, 5m, 1h30m or 31d.',
    });
  }
  let total = 0;
  for (const [, amount, unit] of (match[2] as string).matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    total += Number(amount) * (UNITS[unit as string] as number);
  }
  return match[1] === '-' ? -total : total;
}

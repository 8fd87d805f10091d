import { trimInvisible } from '../utils/visible-text.js';
import { describeFound, type Rule } from './option-reader.js';

/** Longest that a timer of Node can wait, in milliseconds; larger values would end at once. */
const MAX_TIMER_MS = 2_147_483_647;

const UNITS = {
  count: {},
  milliseconds: {
    ms: 1,
    msec: 1,
    s: 1_000,
    sec: 1_000,
    second: 1_000,
    seconds: 1_000,
    m: 60_000,
    min: 60_000,
    minute: 60_000,
    minutes: 60_000,
    h: 3_600_000,
    hour: 3_600_000,
    hours: 3_600_000,
    d: 86_400_000,
    day: 86_400_000,
    days: 86_400_000,
  },
  // As the body parsers of Express and Fastify count.
  bytes: {
    b: 1,
    byte: 1,
    bytes: 1,
    k: 1_024,
    kb: 1_024,
    kib: 1_024,
    m: 1_048_576,
    mb: 1_048_576,
    mib: 1_048_576,
    g: 1_073_741_824,
    gb: 1_073_741_824,
    gib: 1_073_741_824,
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, number>>>>;

type Unit = keyof typeof UNITS;

/** The smallest and the largest value. */
export interface NumberBounds {
  /** 1 by default. */
  readonly least?: number;
  /** 2,147,483,647 by default: what a timer can wait. */
  readonly most?: number;
}

/** A number of things. */
export function count<D extends number | null>(byDefault: D, bounds?: NumberBounds): Rule<number | D> {
  return wholeNumber('count', byDefault, bounds);
}

/** A duration. */
export function milliseconds<D extends number | null>(byDefault: D, bounds?: NumberBounds): Rule<number | D> {
  return wholeNumber('milliseconds', byDefault, bounds);
}

/** A size. */
export function bytes<D extends number | null>(byDefault: D, bounds?: NumberBounds): Rule<number | D> {
  return wholeNumber('bytes', byDefault, bounds);
}

/** A part of all, as a number or its text. */
export function share(byDefault: number): Rule<number> {
  return {
    takes: 'a share from 0 to 1',
    read(found, place) {
      if (found === undefined) return byDefault;
      const value = typeof found === 'string' && /^[\d.]+$/.test(found) ? Number(found) : found;
      if (typeof value === 'number' && value >= 0 && value <= 1) return value;
      place.report(
        `It takes ${this.takes}.`,
        describeFound(found, true),
        `Write ${byDefault} for ${byDefault * 100} of a hundred.`,
      );
      return byDefault;
    },
  };
}

/**
 * A whole number. Digits alone are understood as text too, because environment variables are texts; any other text is
 * rejected with the number that it probably means.
 */
function wholeNumber<D extends number | null>(
  unit: Unit,
  byDefault: D,
  { least = 1, most = MAX_TIMER_MS }: NumberBounds = {},
): Rule<number | D> {
  const fits = (value: number): boolean => Number.isSafeInteger(value) && value >= least && value <= most;
  const takes = `a whole number${unit === 'count' ? '' : ` of ${unit}`} from ${least} to ${most}`;
  return {
    takes,
    read(found, place, base) {
      const fallback = base === undefined ? byDefault : base;
      if (found === undefined) return fallback;
      const text = typeof found === 'string' ? trimInvisible(found) : '';
      const value = /^\d+$/.test(text) ? digits(text) : found;
      if (typeof value === 'number' && fits(value)) return value;
      const meant = numberMeant(found, unit);
      const leave = byDefault === null ? 'leave it out' : `leave it out for the default, ${byDefault}`;
      place.report(
        `It takes ${takes}.`,
        describeFound(found, true),
        meant !== null && fits(meant) ? `Write ${meant}.` : `Correct it, or ${leave}.`,
      );
      return fallback;
    },
  };
}

/** "007" could mean eight other things. */
function digits(text: string): number {
  return text.length > 1 && text.startsWith('0') ? Number.NaN : Number(text);
}

/** What somebody meant who wrote '5kb', '10 s', '1e3 ms' or 99.99999999; null when that is anybody's guess. */
function numberMeant(found: unknown, unit: Unit): number | null {
  if (typeof found === 'bigint') return Number(found);
  // What arithmetic leaves over: 1.1 * 60_000. Half an attempt is a mistake instead.
  if (typeof found === 'number') return Math.abs(found - Math.round(found)) < 1e-3 ? Math.round(found) : null;
  if (typeof found !== 'string') return null;
  const [, number, name = ''] = /^\s*(\d{1,15}(?:\.\d{1,9})?(?:e\d{1,2})?)\s*([a-z]*)\s*$/i.exec(found) ?? [];
  if (number === undefined) return null;
  const factors: Readonly<Record<string, number>> = UNITS[unit];
  const known = Object.hasOwn(factors, name.toLowerCase()) ? factors[name.toLowerCase()] : undefined;
  const factor = name === '' ? 1 : known;
  return factor === undefined ? null : Math.round(Number(number) * factor);
}

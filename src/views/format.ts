import { MONTH_NAMES } from '../utils/month-names.js';
import { html, type Html } from './html.js';

const MONTHS = MONTH_NAMES.map((name) => name.slice(0, 3));
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const DAY_MS = DAY * 1_000;

/** A whole number with commas between thousands. */
export function number(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** One or several of something: `1 company`, `2,000 companies`. */
export function count(value: number, one: string, several = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : several}`;
}

/** The name of a field as people read it: `price_cents` is `Price`, `unknownResource` is `Unknown resource`. */
export function label(name: string): string {
  const words = name
    .replace(/_cents$/, '')
    .replaceAll(/_|(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Hundredths as people read money: the amount first, the code after it, never a bare symbol. */
export function moneyText(cents: number, currency: string): string {
  const amount = (Math.abs(cents) / 100).toFixed(2).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',');
  return `${cents < 0 ? '−' : ''}${amount} ${currency}`;
}

/**
 * Decimal text in a currency's main unit as people read money: `92.775` is `92.775 AUD`, `56` is `56.00 AUD`, `-1000` is
 * `−1,000 JPY`.
 *
 * @param places decimals of the currency; what is finer is shown all the same.
 */
export function decimalText(amount: string, currency: string, places = 2): string {
  const [, sign = '', whole = amount, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount) ?? [];
  const grouped = whole.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',');
  const padded = fraction.padEnd(places, '0');
  return `${sign === '-' ? '−' : ''}${grouped}${padded === '' ? '' : `.${padded}`} ${currency}`.trim();
}

/** {@link moneyText} that does not break. */
export function money(cents: number, currency: string): Html {
  return html`<span class="nowrap">${moneyText(cents, currency)}</span>`;
}

/** Milliseconds as `39 ms`, `1,204 ms`. */
export function duration(ms: number): string {
  return `${number(ms)} ms`;
}

/** `Nov 2026` of a `2026-11`. */
export function monthName(month: string): string {
  return `${MONTHS[Number(month.slice(5, 7)) - 1] ?? ''} ${month.slice(0, 4)}`;
}

/** `4 Oct` of a `2026-10-04`. */
export function dayAndMonth(date: string): string {
  return `${Number(date.slice(8, 10))} ${MONTHS[Number(date.slice(5, 7)) - 1] ?? ''}`;
}

/** The exact moment, to the second, in UTC. */
export function exactTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const calendarDay = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return `${calendarDay}, ${date.toISOString().slice(11, 19)} UTC`;
}

/** A day without its time. */
export function day(iso: string): Html {
  return html`<time datetime="${iso}">${exactTime(iso).split(',')[0]}</time>`;
}

/** The day of a moment (UTC) as a list's heading: `Today, 28 November`, the year where it is another one. */
export function dayHeading(iso: string, now: number): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const present = new Date(now);
  const year = date.getUTCFullYear();
  const name = `${date.getUTCDate()} ${MONTH_NAMES[date.getUTCMonth()]}${year === present.getUTCFullYear() ? '' : ` ${year}`}`;
  const days = Math.floor(now / DAY_MS) - Math.floor(date.getTime() / DAY_MS);
  return days === 0 ? `Today, ${name}` : days === 1 ? `Yesterday, ${name}` : name;
}

/** How long ago, or in how long, seen from `now` (milliseconds since 1970). */
export function relativeTime(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1_000;
  const size = Math.abs(seconds);
  if (Number.isNaN(size)) return iso;
  if (size < 5) return 'now';
  const [amount, unit] =
    size < MINUTE
      ? [size, 'sec']
      : size < HOUR
        ? [size / MINUTE, 'min']
        : size < DAY
          ? [size / HOUR, 'h']
          : size < 60 * DAY
            ? [size / DAY, Math.trunc(size / DAY) === 1 ? 'day' : 'days']
            : [size / (30 * DAY), 'months'];
  const text = `${Math.trunc(amount)} ${unit}`;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

/** Relative; the exact moment on hover, on focus within the row, and in place of it with the key t. */
export function when(iso: string, now: number): Html {
  return html`<time datetime="${iso}" data-exact="${exactTime(iso)}">${relativeTime(iso, now)}</time>`;
}

/** The exact moment at once. */
export function at(iso: string): Html {
  return html`<time datetime="${iso}">${exactTime(iso)}</time>`;
}

/** The time of day; the whole moment on hover and with the key t. */
export function clock(iso: string): Html {
  return html`<time class="clock" datetime="${iso}" data-exact="${exactTime(iso)}"
    >${iso.slice(11, 19)}</time
  >`;
}

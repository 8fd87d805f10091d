import { dateOfDay, DAY_MS, dayOf, isoDay, zoneOffset } from '../calendar/local-days.js';
import { MONTH_NAMES } from '../../utils/month-names.js';

/** No zone changes within a quarter of an hour. */
const QUARTER_MS = 900_000;

/** The number of a day that is written `2026-09-30`. */
export function dayNumberOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / DAY_MS;
}

/** `4 October 2026`, or `4 Oct`. */
export function dayInWords(number: number, short = false): string {
  const { year, month, day } = dateOfDay(number);
  const name = MONTH_NAMES[month - 1]!;
  return short ? `${day} ${name.slice(0, 3)}` : `${day} ${name} ${year}`;
}

/** Days, the last one included, in words: `September 2026` when they are that, else the first and the last. */
export function periodOfDays(localFrom: string, localTo: string): string {
  const [first, last] = [dayNumberOf(localFrom), dayNumberOf(localTo)];
  const [one, after] = [dateOfDay(first), dateOfDay(last + 1)];
  const isMonth = one.day === 1 && after.day === 1 && last - first < 31;
  return isMonth ? `${MONTH_NAMES[one.month - 1]} ${one.year}` : `${isoDay(first)} to ${isoDay(last)}`;
}

/** How far a zone was from UTC: `+10:00; from 4 October 2026 +11:00`. */
export function localTimes(from: number, to: number, zone: string): string {
  let last = zoneOffset(from, zone);
  const times = [offsetText(last)];
  for (let day = from; day < to; day += DAY_MS) {
    if (zoneOffset(Math.min(day + DAY_MS, to - 1), zone) === last) continue;
    let at = day;
    while (zoneOffset(at, zone) === last) at += QUARTER_MS;
    last = zoneOffset(at, zone);
    times.push(`from ${dayInWords(dayOf(at, zone))} ${offsetText(last)}`);
  }
  return times.join('; ');
}

function offsetText(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / 60_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

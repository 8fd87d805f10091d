/** Milliseconds of a day of 24 hours. */
export const DAY_MS = 86_400_000;

/** Date and time of an instant where a zone is. */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Most zones, and days, that are remembered. */
const MAX_KEPT = 5_000;

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();
const starts = new Map<string, number>();

/** Zones are added to a map that never grows without end. */
function keep<V>(map: Map<string, V>, key: string, value: V): V {
  if (map.size >= MAX_KEPT) map.clear();
  map.set(key, value);
  return value;
}

/** Whether the zone is one of the zone database, such as `Australia/Sydney`. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

function formatOf(zone: string): Intl.DateTimeFormat {
  return (
    formats.get(zone) ??
    keep(
      formats,
      zone,
      new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
        timeZone: zone,
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
        hourCycle: 'h23',
      }),
    )
  );
}

/** No zone changes within a quarter of an hour. */
const QUARTER_MS = 900_000;

/** Milliseconds that a zone is ahead of UTC at an instant. */
export function zoneOffset(at: number, zone: string): number {
  const quarter = Math.floor(at / QUARTER_MS);
  const key = `${quarter} ${zone}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const from = quarter * QUARTER_MS;
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(from)) part[type] = Number(value);
  const local = Date.UTC(
    part['year']!,
    part['month']! - 1,
    part['day'],
    part['hour'],
    part['minute'],
    part['second'],
  );
  return keep(offsets, key, local - from);
}

/** Days since 1970-01-01 of a date. */
export function dayNumber(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

/** The local date of an instant, as days since 1970-01-01. */
export function dayOf(at: number, zone: string): number {
  return Math.floor((at + zoneOffset(at, zone)) / DAY_MS);
}

/** Year, month and day of a day's number. */
export function dateOfDay(day: number): LocalTime {
  const date = new Date(day * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** `2026-09-30` of a day's number. */
export function isoDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** The first instant whose local date is the day: 01:00 where there is no midnight (usage §3.5). */
export function startOfDay(day: number, zone: string): number {
  const key = `${day} ${zone}`;
  const known = starts.get(key);
  if (known !== undefined) return known;
  let before = day * DAY_MS - 16 * 3_600_000;
  let after = day * DAY_MS + 16 * 3_600_000;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (dayOf(middle, zone) >= day) after = middle;
    else before = middle;
  }
  return keep(starts, key, after);
}

/** Date and time in ISO 8601 as the platform and its SDKs write it: the zone may be missing or without colon. */
const ISO_DATE =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{1,2})(:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?\s?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;

/** Year, month, day, hour, minute, second, fraction and zone of an xs:dateTime. */
const XS_DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

/** The form of nearly all dates of the platform, which needs no rewriting. */
const UTC_SECOND = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const YEAR_1900 = Date.UTC(1900, 0, 1);

/**
 * A date that the marketplace sends in the Account API, in Connec! and in the attributes of a login (protocol §4.11,
 * §8.12, §A.4): UTC when it has no zone. Null for what is none, and for the years before 1900 that the
 * platform is known to send where it has no value.
 */
export function parsePlatformDate(value: unknown): Date | null {
  const instant = parsePlatformInstant(value);
  return instant === null ? null : new Date(instant);
}

/** {@link parsePlatformDate} in milliseconds of the epoch. */
export function parsePlatformInstant(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const instant = Date.parse(UTC_SECOND.test(value) ? value : toIsoDate(value));
  return instant >= YEAR_1900 ? instant : null;
}

/** The date as `Date.parse` takes it; an empty text for what is none. */
function toIsoDate(text: string): string {
  const match = ISO_DATE.exec(text.trim());
  if (!match) return '';
  const [, day, hour = '00', minutes = ':00', zone = 'Z'] = match;
  const offset = /^[+-]/.test(zone) ? zone.replace(/^(.\d{2})(\d{2})$/, '$1:$2') : 'Z';
  return `${day}T${hour.padStart(2, '0')}${minutes}${offset}`;
}

/**
 * A date in the session that an official SDK stored (protocol §4.11). The .NET SDK writes local time without a zone;
 * that may lie hours ahead, so it counts as none. Null for everything without a time and its zone.
 */
export function parseSessionDate(value: unknown): Date | null {
  return typeof value === 'string' && /\d:\d.*(?:Z|[+-]\d{2}:?\d{2})$/.test(value)
    ? parsePlatformDate(value)
    : null;
}

/**
 * Milliseconds since the epoch of an xs:dateTime with a zone, null for anything else: `new Date` also reads
 * `Jan 1 2099`, and shifts days that do not exist (saml §3.3 row 20).
 */
export function parseSamlInstant(text: string | undefined): number | null {
  const match = XS_DATE_TIME.exec(text ?? '');
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const exists = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
  if (!exists || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return null;
  return Date.parse(match[0]);
}

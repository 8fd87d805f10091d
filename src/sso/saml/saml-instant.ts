const XS_DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

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

/** An instant with its distance from now, as a reader of a trace wants it. */
export function describeInstant(instant: number | null, now: number): string {
  if (instant === null) return 'no readable time';
  const seconds = Math.round((instant - now) / 1000);
  const distance = seconds === 0 ? 'now' : seconds > 0 ? `${seconds} s ahead` : `${-seconds} s ago`;
  return `${new Date(instant).toISOString()} (${distance})`;
}

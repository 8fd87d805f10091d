/** Date and time in ISO 8601; the zone may be missing or without colon (protocol §8.12, §A.4). */
const TEXT =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * A date that the platform sends: UTC when it has no zone. Null for what is none, and for the years before 1900
 * that the platform is known to send where it has no value (protocol §8.12).
 */
export function parsePlatformDate(value: unknown): Date | null {
  const match = typeof value === 'string' ? TEXT.exec(value.trim()) : null;
  if (!match) return null;
  const [, day, time = '00:00:00', zone = 'Z'] = match;
  const offset = /^(Z|UTC)$/i.test(zone) ? 'Z' : zone.replace(/^(.\d{2})(\d{2})$/, '$1:$2');
  const date = new Date(`${day}T${time}${offset}`);
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1900 ? null : date;
}

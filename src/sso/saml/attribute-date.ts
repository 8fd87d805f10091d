const SPELLING =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?)? ?(Z|UTC|[+-]\d{2}:?\d{2})?$/;

/**
 * A date in one of the spellings that the platform and its SDKs write (protocol §4.11, §A.4): with or
 * without fractions, zone as `Z`, `+0000` or absent, which means UTC. Null for anything else.
 */
export function parseAttributeDate(text: string | undefined): Date | null {
  const match = SPELLING.exec(text?.trim() ?? '');
  if (!match) return null;
  const [, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  const offset = zone === 'Z' || zone === 'UTC' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const date = new Date(`${day}T${hour.padStart(2, '0')}:${minute}:${second}${fraction}${offset}`);
  return Number.isNaN(date.getTime()) ? null : date;
}

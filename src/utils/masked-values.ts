/** Numbers, yes and no, and moments say of nobody who it is. */
const HARMLESS = /^(?:-?\d{1,15}(?:\.\d{1,12})?|\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?)?)$/;
/** Longest value that is shown. */
const LONGEST = 300;

/** A value as text: what is no text is JSON. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'string') return value.slice(0, LONGEST);
  if (value instanceof Date) return value.toISOString();
  const json = JSON.stringify(value, (_name, one: unknown) => (typeof one === 'bigint' ? String(one) : one));
  return (json ?? '–').slice(0, LONGEST);
}

/**
 * A value that may be a personal one, so that two can be told apart and none can be read: `m•••@harbour.example`,
 * `•••55`. Numbers, moments, yes and no are left as they are.
 */
export function maskedText(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  const text = valueText(value);
  if (text === '–' || value instanceof Date || (HARMLESS.test(text) && !/^\d{6,}$/.test(text))) return text;
  const at = text.lastIndexOf('@');
  if (typeof value === 'string' && at > 0) return `${Array.from(text)[0] ?? ''}•••${text.slice(at)}`;
  if (typeof value !== 'string') return '•••';
  const letters = Array.from(text);
  return letters.length < 6 ? '•••' : `•••${letters.slice(-2).join('')}`;
}

/** Begins a text that is not kept as it is. */
const ENCODED = '\u0001';

/** What a database cannot keep, or what one of ours begins with. */
const SPECIAL = ['\0', ENCODED, '\u0002'];
const HALF_CHARACTER = /\p{Surrogate}/u;

/**
 * A text in a form that survives UTF-8 and databases without U+0000: itself, or U+0001 and its JSON, which spells out
 * half characters. Two different texts never have one form, so forms can be compared in place of texts.
 */
export function encodeText(text: string): string {
  const plain = !SPECIAL.some((character) => text.includes(character)) && !HALF_CHARACTER.test(text);
  return plain ? text : ENCODED + JSON.stringify(text);
}

/** The text of {@link encodeText}. */
export function decodeText(stored: string): string {
  return stored.startsWith(ENCODED) ? (JSON.parse(stored.slice(1)) as string) : stored;
}

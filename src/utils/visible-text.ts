/** Looks like a blank, or like nothing, although it is none of the categories below. */
const BLANK_LETTERS = new Set(['\u115F', '\u1160', '\u2800', '\u3164', '\uFFA0']);

/** Blanks, control characters, and what formats text: zero-width and bidirectional marks, byte order marks. */
const INVISIBLE = /^[\p{Z}\p{C}]$/u;

/** Line ends and tabs separate what stands in a text that somebody pasted; a blank may be part of a value. */
const ORDINARY = new Set([' ', '\t', '\n', '\r']);

/**
 * The text without what nobody sees at its ends: a value that was copied from a page or a mail brings zero-width
 * characters along, which no eye finds.
 */
export function trimInvisible(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isInvisible(text[start]!)) start += 1;
  while (end > start && isInvisible(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}

/** Code points that nobody sees inside the text, such as `U+200B`; each once, a few at most. Blanks are none. */
export function invisibleIn(text: string): readonly string[] {
  const found = new Set<string>();
  for (const character of text) {
    if (ORDINARY.has(character) || !isInvisible(character)) continue;
    found.add(`U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`);
    if (found.size === 5) break;
  }
  return [...found];
}

function isInvisible(character: string): boolean {
  // Half a character is no format character, and half of an emoji must not be cut off.
  if (/[\uD800-\uDFFF]/.test(character) && character.length === 1) return false;
  return INVISIBLE.test(character) || BLANK_LETTERS.has(character);
}

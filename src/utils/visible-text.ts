/** Looks like a blank, or like nothing, although it is none of the categories below. */
const BLANK_LETTERS = new Set(['\u115F', '\u1160', '\u2800', '\u3164', '\uFFA0']);

/**
 * Blanks, control characters, and what formats text or is left out when it is shown: zero-width and bidirectional marks,
 * byte order marks, selectors of variations.
 */
const INVISIBLE = /^[\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]$/u;

/** Chooses how the emoji before it looks, and belongs to it. */
const EMOJI_STYLE = /\p{Extended_Pictographic}[\ufe0e\ufe0f]$/u;

/** Line ends and tabs separate what stands in a text that somebody pasted; a blank may be part of a value. */
const ORDINARY: ReadonlySet<string> = new Set([' ', '\t', '\n', '\r']);
const BLANK: ReadonlySet<string> = new Set([' ']);

/**
 * The text without what nobody sees at its ends: a value that was copied from a page or a mail brings zero-width
 * characters along, which no eye finds.
 */
export function trimInvisible(text: string): string {
  let start = 0;
  let end = text.length;
  for (; start < end; start += lengthAt(text, start)) {
    if (!isInvisible(characterAt(text, start))) break;
  }
  while (end > start) {
    const last = characterBefore(text, end);
    if (!isInvisible(last) || EMOJI_STYLE.test(text.slice(Math.max(start, end - 3), end))) break;
    end -= last.length;
  }
  return text.slice(start, end);
}

/**
 * Code points that nobody sees inside the text, such as `U+200B`; each once, a few at most. Blanks are none.
 *
 * @param oneLine whether tabs and line ends count as well: they belong into no value of one line.
 */
export function invisibleIn(text: string, oneLine = false): readonly string[] {
  const found = new Set<string>();
  const ordinary = oneLine ? BLANK : ORDINARY;
  let before = '';
  for (const character of text) {
    const isStyle = EMOJI_STYLE.test(before + character);
    before = character;
    if (isStyle || ordinary.has(character) || !isInvisible(character)) continue;
    found.add(`U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`);
    if (found.size === 5) break;
  }
  return [...found];
}

function characterAt(text: string, position: number): string {
  return String.fromCodePoint(text.codePointAt(position)!);
}

function lengthAt(text: string, position: number): number {
  return characterAt(text, position).length;
}

/** The last character before a position, both halves of it where it has two. */
function characterBefore(text: string, end: number): string {
  const pair = end >= 2 ? characterAt(text, end - 2) : '';
  return pair.length === 2 ? pair : text[end - 1]!;
}

function isInvisible(character: string): boolean {
  // Half a character is no format character.
  if (/^[\uD800-\uDFFF]$/.test(character)) return false;
  return INVISIBLE.test(character) || BLANK_LETTERS.has(character);
}

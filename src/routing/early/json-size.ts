/** Most names of one object: records have some dozens, notifications name some 60 resources (protocol §9.4). */
export const MAX_NAMES = 1_000;

/** Most objects and lists of one body; one of 5 MB that means something has far fewer. */
export const MAX_CONTAINERS = 200_000;

/** Smaller bodies hold too little to cost anything, in bytes. */
export const SMALL_BODY = 256 * 1_024;

/** Objects and lists deeper than that share a count: no notification that is taken is as deep. */
const MAX_DEPTH = 1_024;

/** Longer texts are looked through natively, in bytes. */
const LONG_TEXT = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPENS_OBJECT = 0x7b;
const OPENS_LIST = 0x5b;
const CLOSES_OBJECT = 0x7d;
const CLOSES_LIST = 0x5d;

/**
 * Looks at JSON as it arrives for an object with more names than any has that means something, and for more objects and
 * lists. Parsed, such an object blocks the process once more whenever somebody goes through its names, because the
 * engine has to sort them all first, and a million lists fill its memory. A fraction of what parsing costs; says nothing
 * of text that is no JSON, which the parser rejects.
 */
export class JsonSize {
  /** Names so far of the object that is open at each depth. */
  readonly #names = new Uint16Array(MAX_DEPTH + 1);
  #containers = 0;
  #depth = 0;
  #isInText = false;
  /** Whether the last byte was a backslash that escapes what follows. */
  #isEscaped = false;

  /** Takes the following bytes; false as soon as an object has too many names, or all of it too many objects and lists. */
  take(bytes: Uint8Array): boolean {
    const names = this.#names;
    let depth = this.#depth;
    let at = this.#isInText ? this.#passText(bytes, 0) : 0;
    while (at < bytes.length) {
      const byte = bytes[at];
      at += 1;
      if (byte === QUOTE) {
        at = this.#passText(bytes, at);
      } else if (byte === COLON) {
        const level = depth < MAX_DEPTH ? depth : MAX_DEPTH;
        if ((names[level]! += 1) > MAX_NAMES) return false;
      } else if (byte === OPENS_OBJECT || byte === OPENS_LIST) {
        if ((this.#containers += 1) > MAX_CONTAINERS) return false;
        depth += 1;
        if (depth < MAX_DEPTH) names[depth] = 0;
      } else if (byte === CLOSES_OBJECT || byte === CLOSES_LIST) {
        depth -= 1;
      }
    }
    this.#depth = depth;
    return true;
  }

  /** The place behind a text that goes on at the given one; the end of the bytes where it goes on behind them. */
  #passText(bytes: Uint8Array, from: number): number {
    const { length } = bytes;
    let at = this.#isEscaped ? from + 1 : from;
    while (at < length) {
      const far = at + LONG_TEXT < length ? at + LONG_TEXT : length;
      while (at < far) {
        const byte = bytes[at];
        at += byte === BACKSLASH ? 2 : 1;
        if (byte === QUOTE) return this.#leaveText(at);
      }
      if (at >= length) break;
      // Looked through natively: what follows may be megabytes.
      const quote = bytes.indexOf(QUOTE, at);
      const end = quote < 0 ? length : quote;
      const isEscaped = isOdd(backslashesBefore(bytes, end, at));
      if (quote >= 0 && !isEscaped) return this.#leaveText(end + 1);
      at = isEscaped ? end + 1 : end;
    }
    this.#isInText = true;
    this.#isEscaped = at > length;
    return length;
  }

  #leaveText(at: number): number {
    this.#isInText = false;
    this.#isEscaped = false;
    return at;
  }
}

/** How many backslashes stand before a place, looked for no further than the beginning. */
function backslashesBefore(bytes: Uint8Array, place: number, beginning: number): number {
  let from = place;
  while (from > beginning && bytes[from - 1] === BACKSLASH) from -= 1;
  return place - from;
}

function isOdd(number: number): boolean {
  return number % 2 === 1;
}

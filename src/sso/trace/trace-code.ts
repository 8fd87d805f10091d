import { randomInt } from 'node:crypto';

/** Without I, L, O and U: nobody should have to guess what a person read out. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TAG_LENGTH = 3;
const CODE_LENGTH = 8;

/** The part of a code that all traces of a marketplace share, so that support sees at once whose login it was. */
function traceTag(marketplace: string): string {
  // FNV-1a: it only tells marketplaces apart, so it need not be hard to invert.
  let hash = 0x811c9dc5;
  for (let index = 0; index < marketplace.length; index += 1) {
    hash = Math.imul(hash ^ marketplace.charCodeAt(index), 0x01000193);
  }
  hash ^= hash >>> 16;
  return spell([hash & 31, (hash >>> 5) & 31, (hash >>> 10) & 31]);
}

/** A new code such as `K7Q2-M9XW`. */
export function newTraceCode(marketplace: string): string {
  const random = Array.from({ length: CODE_LENGTH - TAG_LENGTH }, () => randomInt(ALPHABET.length));
  const code = traceTag(marketplace) + spell(random);
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** A code as somebody typed it, in our spelling; null when it cannot be one. */
export function readTraceCode(typed: string): string | null {
  const letters = typed
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
  return letters.length === CODE_LENGTH ? `${letters.slice(0, 4)}-${letters.slice(4)}` : null;
}

function spell(values: Iterable<number>): string {
  return Array.from(values, (value) => ALPHABET[value % ALPHABET.length]).join('');
}

import { createHash, randomBytes } from 'node:crypto';

/** Without I, L, O and U: nobody should have to guess what a person read out. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TAG_LENGTH = 3;
const CODE_LENGTH = 8;

/** The part of a code that all traces of a marketplace share, so that a code alone finds its list. */
export function traceTag(marketplace: string): string {
  return spell(createHash('sha256').update(marketplace).digest(), TAG_LENGTH);
}

/** A new code such as `K7Q2-M9XW`. */
export function newTraceCode(marketplace: string): string {
  const code = traceTag(marketplace) + spell(randomBytes(CODE_LENGTH - TAG_LENGTH), CODE_LENGTH - TAG_LENGTH);
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** A code as somebody typed it, in our spelling; null when it cannot be one. */
export function readTraceCode(typed: string): { readonly code: string; readonly tag: string } | null {
  const letters = typed
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
  if (letters.length !== CODE_LENGTH) return null;
  return { code: `${letters.slice(0, 4)}-${letters.slice(4)}`, tag: letters.slice(0, TAG_LENGTH) };
}

function spell(bytes: Buffer, length: number): string {
  return Array.from(bytes.subarray(0, length), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

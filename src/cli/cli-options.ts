import { InvalidArgumentError } from 'commander';

import { webAddress } from '../views/web-address.js';

const MAX_PORT = 65_535;

/** Reads a whole number of an option. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(
      most === Number.MAX_SAFE_INTEGER
        ? `Give a whole number from ${least}.`
        : `Give a whole number from ${least} to ${most}.`,
    );
  };
}

/** Reads a TCP port; 0 takes a free one. */
export const port = wholeNumber(0, MAX_PORT);

/** Reads an address of the web, and takes slashes off its end. */
export function webUrl(text: string): string {
  const trimmed = text.replace(/\/+$/, '');
  if (webAddress(trimmed) !== null) return trimmed;
  throw new InvalidArgumentError('Write it like http://localhost:3000.');
}

/** Reads names with commas between them. */
export function nameList(text: string): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.length > 0) return names;
  throw new InvalidArgumentError('Name one at least, with commas between several.');
}

/** Reads a path of the application. */
export function pagePath(text: string): string {
  if (/^\/(?!\/)[\x21-\x7e]*$/.test(text)) return text;
  throw new InvalidArgumentError('Write it like /dashboard.');
}

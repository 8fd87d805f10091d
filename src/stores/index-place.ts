/** Digits of the largest safe integer: padded, times sort as texts do. */
const DIGITS = 16;

/** Where an entry stands in an index; also the cursor of a page. Later times are greater, then greater keys. */
export function placeOf(at: number, key: string): string {
  return `${String(at).padStart(DIGITS, '0')}:${key}`;
}

/** The entry that stands at a place. */
export function readPlace(place: string): { readonly at: number; readonly key: string } {
  return { at: Number(place.slice(0, DIGITS)), key: place.slice(DIGITS + 1) };
}

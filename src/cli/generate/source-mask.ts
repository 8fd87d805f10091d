/**
 * The source with the content of every text and comment blanked out, so that brackets and names found in it are code.
 * Same length, same line breaks.
 */
export function maskSource(source: string): string {
  const pattern =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/g;
  return source.replace(pattern, (part) => part.replace(/[^\n]/g, ' '));
}

/** The index of the bracket that closes the one at `open`; -1 when none does. */
export function closingBracket(mask: string, open: number): number {
  let depth = 0;
  for (let index = open; index < mask.length; index += 1) {
    if ('([{'.includes(mask[index]!)) depth += 1;
    if (')]}'.includes(mask[index]!) && (depth -= 1) === 0) return index;
  }
  return -1;
}

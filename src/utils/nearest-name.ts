/**
 * The name that a misspelt one probably means; null when none is near. Case, `_` and `-` count for nothing; otherwise
 * one letter in three may be wrong.
 */
export function nearestName(name: string, known: readonly string[]): string | null {
  const wanted = plain(name);
  let nearest: string | null = null;
  let least = Math.floor(wanted.length / 3) + 1;
  for (const candidate of known) {
    const spelt = plain(candidate);
    if (Math.abs(spelt.length - wanted.length) >= least) continue;
    const distance = editDistance(wanted, spelt);
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

function plain(name: string): string {
  return name.slice(0, 64).replace(/[_-]/g, '').toLowerCase();
}

/** Letters to insert, to remove or to replace (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let index = 0; index < from.length; index += 1) {
    const next = [index + 1];
    for (let at = 0; at < to.length; at += 1) {
      const replaced = row[at]! + (from[index] === to[at] ? 0 : 1);
      next.push(Math.min(replaced, row[at + 1]! + 1, next[at]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

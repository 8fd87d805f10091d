/**
 * The lines of `key:value` that OpenID 2.0 responds with directly (protocol §5).
 *
 * @returns the value of each key; null for a key that came more than once, which means nothing.
 */
export function readKeyValues(text: string): ReadonlyMap<string, string | null> {
  const pairs = new Map<string, string | null>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const key = line.slice(0, colon);
    pairs.set(key, pairs.has(key) ? null : line.slice(colon + 1).trimEnd());
  }
  return pairs;
}

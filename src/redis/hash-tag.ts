/** The part of a key by which Redis Cluster chooses the node: between the first braces, else all of it. */
export function hashTag(key: string): string {
  const open = key.indexOf('{');
  const close = key.indexOf('}', open);
  return open >= 0 && close > open + 1 ? key.slice(open + 1, close) : key;
}

/** Positions of keys in a list, by hash tag: what may be one command. */
export function byHashTag(keys: readonly string[]): number[][] {
  const groups = new Map<string, number[]>();
  keys.forEach((key, position) => {
    const tag = hashTag(key);
    const group = groups.get(tag);
    if (group) group.push(position);
    else groups.set(tag, [position]);
  });
  return [...groups.values()];
}

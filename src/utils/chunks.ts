/** A list in pieces of at most `size`, in order; none for an empty list. */
export function chunksOf<T>(list: readonly T[], size: number): (readonly T[])[] {
  const chunks: (readonly T[])[] = [];
  for (let from = 0; from < list.length; from += size) chunks.push(list.slice(from, from + size));
  return chunks;
}

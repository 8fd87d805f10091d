/** A list in pieces of at most `size`, in order; none for an empty list. */
export function chunksOf<T>(list: readonly T[], size: number): (readonly T[])[] {
  const chunks: (readonly T[])[] = [];
  for (let from = 0; from < list.length; from += size) chunks.push(list.slice(from, from + size));
  return chunks;
}

/** What `call` brings for all of a list, whose pieces of at most `size` are asked for at the same time; in order. */
export async function inChunks<T, R>(
  list: readonly T[],
  size: number,
  call: (some: readonly T[]) => Promise<R[]>,
): Promise<R[]> {
  if (list.length === 0) return [];
  if (list.length <= size) return call(list);
  return (await Promise.all(chunksOf(list, size).map(call))).flat();
}

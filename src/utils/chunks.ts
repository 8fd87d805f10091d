/** A list in pieces of at most `size`, in order; none for an empty list. */
export function chunksOf<T>(list: readonly T[], size: number): (readonly T[])[] {
  const chunks: (readonly T[])[] = [];
  for (let from = 0; from < list.length; from += size) chunks.push(list.slice(from, from + size));
  return chunks;
}

/** What `call` brings for all of a list, whose pieces of at most `size` are asked for at the same time; in order. */
export function inChunks<T, R>(
  list: readonly T[],
  size: number,
  call: (some: readonly T[]) => Promise<R[]>,
): Promise<R[]> {
  if (list.length === 0) return Promise.resolve([]);
  if (list.length <= size) return call(list);
  return Promise.all(chunksOf(list, size).map(call)).then((results) => results.flat());
}

/** Does the work for each item, for at most so many at the same time; resolves when none is left. */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const [first] = items;
  // Most notifications are of one company.
  if (first !== undefined && items.length === 1) return work(first);
  const pending = items.values();
  // One after the other is the point: within a lane, items wait for each other.
  const lane = async (): Promise<void> => {
    for (const item of pending) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
}

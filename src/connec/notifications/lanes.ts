/** Does the work for each item, for at most so many at the same time; resolves when none is left. */
export async function inLanes<T>(
  items: Iterable<T>,
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const pending = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    // One after the other is the point: within a lane, items wait for each other.
    for (let next = pending.next(); !next.done; next = pending.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

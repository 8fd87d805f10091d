/** Does the work for each item, for at most so many at the same time; resolves when none is left. */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const pending = items.values();
  // One after the other is the point: within a lane, items wait for each other.
  const lane = async (): Promise<void> => {
    for (const item of pending) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
}

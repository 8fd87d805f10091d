/** In an order of this process' own: another one begins with others. */
export function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((one) => ({ one, place: Math.random() }))
    .toSorted((first, second) => first.place - second.place)
    .map(({ one }) => one);
}

/**
 * Small seeded generator (mulberry32). The sandbox's ids, keys and tokens come from it, so that a test that names
 * a seed always meets the same marketplace. Nothing here protects anything: a sandbox guards no real data.
 */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Internal state, to continue the same sequence after a restart. */
  get state(): number {
    return this.#state;
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let value = this.#state;
    value = Math.imul(value ^ (value >>> 15), value | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer in [0, limit). */
  integer(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.integer(list.length)] as T;
  }

  /** The letters of an alphabet in random order, as the marketplace's keys and session tokens look. */
  shuffle(alphabet: string): string {
    const letters = [...alphabet];
    for (let index = letters.length - 1; index > 0; index--) {
      const other = this.integer(index + 1);
      [letters[index], letters[other]] = [letters[other] as string, letters[index] as string];
    }
    return letters.join('');
  }

  /** A UUID of the shape Connec! records have. */
  uuid(): string {
    const hex = Array.from({ length: 32 }, () => this.integer(16).toString(16)).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-013f-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
}

import type { SyncLink } from './sync-link.js';

/** Keys of links in the two orders in which they are asked for, so that nobody goes through all of them for a few. */
export class LinkOrder {
  /** In the order of the keys, once they are sorted. */
  #keys: string[] = [];
  #isSorted = true;
  readonly #known = new Set<string>();
  /** Keys by the time at which they are due, in the order in which they became so. */
  readonly #due = new Map<number, Set<string>>();

  add({ key, dueAt }: SyncLink): void {
    if (!this.#known.has(key)) {
      this.#known.add(key);
      this.#isSorted &&= this.#keys.length === 0 || key > this.#keys.at(-1)!;
      this.#keys.push(key);
    }
    if (dueAt !== null) this.#due.set(dueAt, (this.#due.get(dueAt) ?? new Set()).add(key));
  }

  /** The link is not due at its time any more; it stays known. */
  rest({ key, dueAt }: SyncLink): void {
    if (dueAt === null) return;
    const keys = this.#due.get(dueAt);
    keys?.delete(key);
    if (keys?.size === 0) this.#due.delete(dueAt);
  }

  /** The links are gone for good. */
  forget(keys: readonly string[]): void {
    if (keys.length === 0) return;
    for (const key of keys) this.#known.delete(key);
    this.#keys = this.#keys.filter((key) => this.#known.has(key));
  }

  /** Keys behind one, in their order. */
  *after(key: string | undefined): Generator<string> {
    if (!this.#isSorted) this.#keys.sort();
    this.#isSorted = true;
    let [low, high] = [0, key === undefined ? 0 : this.#keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! > key!) high = middle;
      else low = middle + 1;
    }
    for (let index = low; index < this.#keys.length; index += 1) yield this.#keys[index]!;
  }

  /** Keys of those that are due by then, the earliest first. */
  dueBy(before: number, limit: number): readonly string[] {
    const times = [...this.#due.keys()].filter((at) => at <= before).toSorted((one, other) => one - other);
    const found: string[] = [];
    for (const at of times) {
      if (found.length >= limit) break;
      found.push(...[...this.#due.get(at)!].slice(0, limit - found.length));
    }
    return found;
  }
}

/** Records by identifier, in the order they were added. Serialises as a plain list. */
export class Collection<T> {
  readonly #records = new Map<string, T>();

  /** @param keyOf what identifies a record; never changes during its life. */
  constructor(
    private readonly keyOf: (record: T) => string,
    records: Iterable<T> = [],
  ) {
    for (const record of records) this.add(record);
  }

  /** Adds a record, or replaces the one with the same identifier in its place. */
  add(record: T): T {
    this.#records.set(this.keyOf(record), record);
    return record;
  }

  get(key: string): T | undefined {
    return this.#records.get(key);
  }

  delete(key: string): boolean {
    return this.#records.delete(key);
  }

  clear(): void {
    this.#records.clear();
  }

  get size(): number {
    return this.#records.size;
  }

  list(): T[] {
    return [...this.#records.values()];
  }

  filter(test: (record: T) => boolean): T[] {
    return this.list().filter(test);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#records.values();
  }

  toJSON(): T[] {
    return this.list();
  }
}

/**
 * Calls to one server, so many at a time. Whoever comes later waits, the preferred ones before the others and none longer
 * than a given time: then the call is made all the same. It delays and never refuses, so nobody can keep others out by
 * filling it.
 */
export class CallQueue {
  #running = 0;
  readonly #preferred = new Set<() => void>();
  readonly #others = new Set<() => void>();

  /**
   * @param capacity calls at a time.
   * @param longestMs how long one may wait.
   */
  constructor(
    private readonly capacity: number,
    private readonly longestMs: number,
  ) {}

  async run<T>(preferred: boolean, call: () => Promise<T>): Promise<T> {
    if (this.#running < this.capacity) this.#running += 1;
    else await this.#turn(preferred ? this.#preferred : this.#others);
    try {
      return await call();
    } finally {
      this.#running -= 1;
      this.#next();
    }
  }

  #turn(queue: Set<() => void>): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        queue.delete(go);
        this.#running += 1;
        resolve();
      };
      const timer = setTimeout(go, this.longestMs);
      timer.unref();
      queue.add(go);
    });
  }

  #next(): void {
    if (this.#running >= this.capacity) return;
    const [go] = this.#preferred.size > 0 ? this.#preferred : this.#others;
    go?.();
  }
}

/** A call that is waited for. */
interface Waiting {
  /** By `performance.now()`. */
  readonly until: number;
  expire(): void;
}

/**
 * Deadlines of many calls that all have as long, with one timer for all of them: a timer for each costs a tenth of a quick
 * statement.
 */
export class SharedDeadline {
  /** In the order in which their time is over. */
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | null = null;

  /** @param ms that each call has */
  constructor(private readonly ms: number) {}

  /** What the call comes to; what `late` makes is thrown when its time is over before. */
  wait<T>(call: Promise<T>, late: () => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = { until: performance.now() + this.ms, expire: () => reject(late()) };
      this.#add(waiting);
      call.then(
        (result) => {
          this.#remove(waiting);
          resolve(result);
        },
        (error: unknown) => {
          this.#remove(waiting);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  #add(waiting: Waiting): void {
    if (this.#timer === null) this.#sleep(this.ms);
    else if (this.#waiting.size === 0) this.#timer.ref();
    this.#waiting.add(waiting);
  }

  /** The timer stays for the next call, and keeps no process alive meanwhile. */
  #remove(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    if (this.#waiting.size === 0) this.#timer?.unref();
  }

  #sleep(ms: number): void {
    this.#timer = setTimeout(() => this.#expire(), ms);
  }

  #expire(): void {
    this.#timer = null;
    const now = performance.now();
    for (const waiting of this.#waiting) {
      if (waiting.until > now) return this.#sleep(Math.ceil(waiting.until - now));
      this.#waiting.delete(waiting);
      waiting.expire();
    }
  }
}

import { settledWithin } from './settled-within.js';

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
  /** Calls that are not over, those whose time is over included. */
  readonly #underWay = new Set<Promise<unknown>>();
  /** In the order in which their time is over. */
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | null = null;

  /** @param ms that each call has */
  constructor(private readonly ms: number) {}

  /** What the call comes to; what `late` makes is thrown when its time is over before. */
  wait<T>(call: Promise<T>, late: () => Error): Promise<T> {
    this.#underWay.add(call);
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = { until: performance.now() + this.ms, expire: () => reject(late()) };
      this.#add(waiting);
      const over = (): void => {
        this.#underWay.delete(call);
        this.#remove(waiting);
      };
      call.then(
        (result) => {
          over();
          resolve(result);
        },
        (error: unknown) => {
          over();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  /** Resolves when every call is over, however late, or after as long as a call has. */
  async settled(): Promise<void> {
    await settledWithin(this.ms, Promise.allSettled(this.#underWay));
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

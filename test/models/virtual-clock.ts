import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';

interface Timer {
  readonly owner: string;
  readonly everyMs: number | null;
  readonly run: () => void;
  at: number;
}

/**
 * The time of a model: stands still while anything is done, and goes on from one timer to the next. Everything in this
 * process that asks for the time, sets a timer or draws an UUID is answered by it, so that a history is the same whenever
 * it is repeated. For a process that does nothing else: nothing is put back.
 */
class VirtualClock {
  /** Milliseconds since the epoch. */
  now = 0;
  /** Whose turn it is: timers belong to him, and end with him. */
  owner = '';
  #started = 0;
  #drawn = new Map<string, number>();
  #timers: Timer[] = [];

  install(): void {
    const date = this.#date();
    const set = (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): Timer =>
      this.#add(() => run(...given), ms, null);
    const repeat = (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): Timer =>
      this.#add(() => run(...given), ms, Math.max(1, ms));
    const clear = (timer: Timer | undefined): void => this.#remove(timer);
    Object.assign(globalThis, {
      Date: date,
      setTimeout: set,
      setInterval: repeat,
      clearTimeout: clear,
      clearInterval: clear,
    });
    Object.assign(performance, { now: () => this.now - this.#started });
    Object.assign(timersPromises, {
      setTimeout: (ms: number, value: unknown, { signal }: { readonly signal?: AbortSignal } = {}) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason as Error);
          set(() => resolve(value), ms);
        }),
    });
    Object.assign(crypto, { randomUUID: () => this.#uuid(), randomInt: () => 0 });
    syncBuiltinESMExports();
  }

  /** Begins a history. */
  restart(now: number): void {
    this.now = now;
    this.#started = now;
    this.owner = '';
    this.#timers = [];
    this.#drawn = new Map();
  }

  /** When the next timer is due; null when there is none. */
  get next(): number | null {
    return this.#timers.length === 0 ? null : Math.min(...this.#timers.map(({ at }) => at));
  }

  get nextOwner(): string | null {
    const at = this.next;
    return this.#timers.find((one) => one.at === at)?.owner ?? null;
  }

  /** Goes to the next timer and lets it run. */
  toNext(): void {
    const at = this.next;
    const timer = this.#timers.find((one) => one.at === at);
    if (!timer) return;
    this.now = Math.max(this.now, timer.at);
    this.owner = timer.owner;
    if (timer.everyMs === null) this.#remove(timer);
    else timer.at += timer.everyMs;
    timer.run();
  }

  /** Nobody else's timers are touched. */
  forget(owner: string): void {
    this.#timers = this.#timers.filter((timer) => timer.owner !== owner);
  }

  #add(run: () => void, ms: number, everyMs: number | null): Timer {
    const timer: Timer = { owner: this.owner, everyMs, run, at: this.now + Math.max(1, ms) };
    this.#timers.push(timer);
    return Object.assign(timer, { unref: () => timer, ref: () => timer, hasRef: () => false });
  }

  #remove(timer: Timer | undefined): void {
    this.#timers = this.#timers.filter((one) => one !== timer);
  }

  /** Of the same form as real ones; each owner has his own, whoever is quicker. */
  #uuid(): string {
    const number = (this.#drawn.get(this.owner) ?? 0) + 1;
    this.#drawn.set(this.owner, number);
    const digits = crypto.createHash('sha1').update(`${this.owner} ${number}`).digest('hex');
    return digits.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  #date(): DateConstructor {
    const now = (): number => this.now;
    return class extends Date {
      constructor(...given: readonly unknown[]) {
        super(...((given.length === 0 ? [now()] : given) as [number]));
      }

      static override now(): number {
        return now();
      }
    } as DateConstructor;
  }
}

export const clock = new VirtualClock();

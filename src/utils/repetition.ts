import { settledWithin } from './settled-within.js';

/**
 * Work that a process does again and again, each time after a pause: never twice at the same moment, and without keeping
 * the process alive.
 */
export class Repetition {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isOver = false;

  /** @param work never rejects: what it could not do is done the next time */
  constructor(private readonly work: () => Promise<void>) {}

  /** Begins after `firstMs`, then again `everyMs` after each end. */
  start(firstMs: number, everyMs: number): void {
    if (this.#isOver) return;
    this.#timer = setTimeout(() => {
      void this.once().finally(() => this.start(everyMs, everyMs));
    }, firstMs);
    this.#timer.unref();
  }

  /** Does the work now; whoever stops waits for it. */
  async once(): Promise<void> {
    if (this.#isOver) return;
    await (this.#running = this.work());
  }

  /** Begins nothing more. Resolves with whether what runs ended within that time. */
  stop(withinMs: number): Promise<boolean> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    return settledWithin(withinMs, this.#running);
  }
}

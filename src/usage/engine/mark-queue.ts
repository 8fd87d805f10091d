import type { StatementMark } from '../store/usage-records.js';
import type { UsageStore } from '../store/usage-store.js';

/** Marks of one call. */
const MANY = 500;

interface Waiting {
  readonly series: string;
  readonly mark: StatementMark;
  readonly resolve: (done: boolean) => void;
  readonly reject: (reason: unknown) => void;
}

/** Writes marks together: those that come while others are written are written next, in one call. Nothing waits for more. */
export class MarkQueue {
  readonly #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(private readonly store: UsageStore) {}

  /** Resolves when it is written: false when the statement was in none of the states that it is marked from. */
  add(series: string, mark: StatementMark): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ series, mark, resolve, reject });
      void this.#write();
    });
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, MANY);
      try {
        const done = await this.store.markEach(some.map(({ series, mark }) => ({ series, mark })));
        for (const [index, { resolve }] of some.entries()) resolve(done[index] ?? false);
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
    this.#isWriting = false;
  }
}

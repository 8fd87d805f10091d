import type { UsageBilling } from '../../../src/usage/engine/usage-context.js';
import type { UsageStore } from '../../../src/usage/store/usage-store.js';

/** The process died here, or an answer was lost. */
export class Lost extends Error {}

/** A piece of work that stops at every step until it is let go on. */
export class Task {
  /** Goes on, or fails, with what the work waits for. */
  resume: ((error?: Lost) => void) | null = null;
  /** Resolves when the work waits again, or has ended. */
  #arrived: (() => void) | null = null;
  isDone = false;

  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.resume = (error) => {
        this.resume = null;
        if (error) reject(error);
        else resolve();
      };
      this.arrive();
    });
  }

  arrive(): void {
    this.#arrived?.();
    this.#arrived = null;
  }

  /** Lets the work go on until its next step. */
  go(error?: Lost): Promise<void> {
    return new Promise((resolve) => {
      this.#arrived = resolve;
      this.resume?.(error);
    });
  }
}

/** Runs pieces of work side by side, a step of a random one at a time: what is between two steps is one transaction or request. */
export class Tasks {
  readonly failures: unknown[] = [];
  readonly #tasks: Task[] = [];

  constructor(
    private readonly random: () => number,
    private readonly hasFaults: () => boolean,
  ) {}

  get size(): number {
    return this.#tasks.length;
  }

  start(work: (task: Task) => Promise<void>): void {
    const task = new Task();
    this.#tasks.push(task);
    void (async () => {
      try {
        await task.wait();
        await work(task);
      } catch (error) {
        if (!(error instanceof Lost) && !isExpected(error)) this.failures.push(error);
      } finally {
        task.isDone = true;
        task.arrive();
      }
    })();
  }

  /** Lets random pieces go on for some steps. */
  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps && this.#tasks.length > 0; step += 1) {
      const index = Math.floor(this.random() * this.#tasks.length);
      const task = this.#tasks[index]!;
      await task.go(this.hasFaults() && this.random() < 0.06 ? new Lost() : undefined);
      if (task.isDone) this.#tasks.splice(index, 1);
    }
  }

  async finish(): Promise<void> {
    while (this.#tasks.length > 0) await this.run(1_000);
  }

  /** The store, with a step before each of its calls. */
  gate<S extends UsageStore>(task: Task, store: S, type: abstract new () => S): S {
    const step = (): Promise<void> => task.wait();
    return new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function' || !(name in type.prototype)) return value;
        return async (...given: unknown[]): Promise<unknown> => {
          await step();
          const result: unknown = await (value as (...all: unknown[]) => unknown).apply(target, given);
          // What is written may be answered to nobody any more.
          if (name === 'seal' || name === 'sealEach' || name === 'append') await step();
          return result;
        };
      },
    });
  }

  /** The marketplace, whose answers may be lost, and which may not be reached. */
  gateBilling(task: Task, billing: UsageBilling): UsageBilling {
    const risky = async <T>(work: () => Promise<T>): Promise<T> => {
      if (this.hasFaults() && this.random() < 0.05) throw new Lost();
      const result = await work();
      if (this.hasFaults() && this.random() < 0.12) throw new Lost();
      await task.wait();
      return result;
    };
    return {
      createOnce: (marketplace, key, bill, call) =>
        risky(() => billing.createOnce(marketplace, key, bill, call)),
      find: (marketplace, id, call) => billing.find(marketplace, id, call),
      cancel: (marketplace, id, call) => risky(() => billing.cancel(marketplace, id, call)),
    };
  }
}

/** Facts that were never recorded cannot be corrected. */
function isExpected(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'usage.unknownStatement';
}

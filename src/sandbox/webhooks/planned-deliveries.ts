import { Injectable, type OnModuleDestroy } from '@nestjs/common';

import { SandboxError } from '../../errors/sandbox.error.js';
import { SandboxClock } from '../clock/sandbox-clock.js';

/** Deliveries that may wait at a time. */
const CAPACITY = 1_000;
/** The longest that a timer of the machine can wait; what is farther is looked at again then. */
const MAX_WAIT_MS = 2 ** 31 - 1;

/** A delivery that will be attempted. */
export interface PlannedDelivery {
  readonly id: string;
  /** Id of the first delivery that it repeats; null where it is the first. */
  readonly repeats: string | null;
  /** When, milliseconds since 1970 by the sandbox's clock. */
  readonly at: number;
}

interface Plan extends PlannedDelivery {
  readonly send: () => void;
}

/** What will be delivered later, by the sandbox's clock: a month that somebody moves it on is a month less to wait. */
@Injectable()
export class PlannedDeliveries implements OnModuleDestroy {
  readonly #plans = new Map<string, Plan>();
  readonly #stop: () => void;
  #timer: NodeJS.Timeout | undefined;
  #lastId = 0;

  constructor(private readonly clock: SandboxClock) {
    this.#stop = clock.onChange(() => this.#run());
  }

  /**
   * Plans a delivery.
   *
   * @param afterMs milliseconds of the sandbox's clock from now.
   * @throws SandboxError `sandbox.request` where 1,000 wait already
   */
  add(afterMs: number, repeats: string | null, send: () => void): PlannedDelivery {
    if (this.#plans.size >= CAPACITY)
      throw new SandboxError('sandbox.request', {
        message: `${CAPACITY} deliveries are planned already.`,
        remedy: 'Move the clock on, or cancel some.',
      });
    const plan = {
      id: `planned-${++this.#lastId}`,
      repeats,
      at: this.clock.now().getTime() + afterMs,
      send,
    };
    this.#plans.set(plan.id, plan);
    this.#wait();
    return plan;
  }

  /** Whether another one may be planned. */
  get hasRoom(): boolean {
    return this.#plans.size < CAPACITY;
  }

  /** What waits, the next one first. */
  list(): PlannedDelivery[] {
    return [...this.#plans.values()].sort((a, b) => a.at - b.at);
  }

  /** The attempts that wait for one delivery, the next one first. */
  of(root: string): PlannedDelivery[] {
    return this.list().filter(({ repeats }) => repeats === root);
  }

  /** Takes one back. @returns whether it still waited. */
  cancel(id: string): boolean {
    const isThere = this.#plans.delete(id);
    this.#wait();
    return isThere;
  }

  /** Takes all back. */
  clear(): void {
    this.#plans.clear();
    this.#wait();
  }

  onModuleDestroy(): void {
    this.#stop();
    this.clear();
  }

  /** Sends what is due, in its order. */
  #run(): void {
    const now = this.clock.now().getTime();
    for (const { id, at } of this.list()) {
      if (at > now) break;
      const plan = this.#plans.get(id);
      this.#plans.delete(id);
      plan?.send();
    }
    this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [next] = this.list();
    // A clock that stands still brings nothing about; it says when it moves.
    if (!next || this.clock.isFrozen) return;
    const wait = Math.min(Math.max(next.at - this.clock.now().getTime(), 0), MAX_WAIT_MS);
    this.#timer = setTimeout(() => this.#run(), wait).unref();
  }
}

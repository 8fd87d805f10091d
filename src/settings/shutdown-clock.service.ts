import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/**
 * How much of the time to shut down is left, for everything that has to end. It begins with the application's
 * shutdown, before the first part is stopped.
 */
@Injectable()
export class ShutdownClock implements OnModuleDestroy {
  #startedAt: number | null = null;

  /** @param totalMs for all parts together. */
  constructor(private readonly totalMs: number) {}

  onModuleDestroy(): void {
    this.#startedAt ??= performance.now();
  }

  /** Milliseconds until a part of the whole time is over, 1 for all of it; never below 0. */
  remainingMs(part = 1): number {
    this.#startedAt ??= performance.now();
    return Math.max(0, this.#startedAt + this.totalMs * part - performance.now());
  }
}

import { milliseconds, type SandboxDuration } from './duration.js';

/** A moment as the marketplace writes it: ISO 8601, UTC, whole seconds. */
export function isoSeconds(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}

/**
 * The sandbox's own time. Everything in it reads this clock, so that a month of billing passes in one line of a test.
 * It runs beside the machine's until it is moved or frozen.
 */
export class SandboxClock {
  #offset = 0;
  #frozenAt: number | null = null;
  readonly #listeners = new Set<() => void>();

  now(): Date {
    return new Date((this.#frozenAt ?? Date.now()) + (this.#frozenAt === null ? this.#offset : 0));
  }

  /** The present moment as the marketplace writes it, moved by some milliseconds. */
  iso(offsetMs = 0): string {
    return isoSeconds(new Date(this.now().getTime() + offsetMs));
  }

  get isFrozen(): boolean {
    return this.#frozenAt !== null;
  }

  /** How far this clock is ahead of the machine's, in milliseconds. */
  get offsetMs(): number {
    return this.#frozenAt === null ? this.#offset : this.#frozenAt - Date.now();
  }

  /** Stops the clock, now or at a given moment. */
  freeze(at: Date | string = this.now()): void {
    this.#frozenAt = new Date(at).getTime();
    this.#changed();
  }

  /** Lets a frozen clock run on from where it stands. */
  unfreeze(): void {
    const now = this.now().getTime();
    this.#frozenAt = null;
    this.#offset = now - Date.now();
    this.#changed();
  }

  /** Moves the clock: `31d`, `-5m`, or milliseconds. What falls due meanwhile happens: billing runs, expiries. */
  advance(duration: SandboxDuration): void {
    const span = milliseconds(duration);
    if (this.#frozenAt === null) this.#offset += span;
    else this.#frozenAt += span;
    this.#changed();
  }

  /** Puts the clock at a moment; it goes on running, or stays frozen, from there. */
  set(moment: Date | string): void {
    this.advance(new Date(moment).getTime() - this.now().getTime());
  }

  /** Back to the machine's time. */
  reset(): void {
    this.#frozenAt = null;
    this.#offset = 0;
    this.#changed();
  }

  /** Calls back after every move. @returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

import { setMaxListeners } from 'node:events';

/** Why a call must end whatever its attempts say. */
export type CallEnd = 'aborted' | 'deadline';

/** The deadline of one call, its caller's signal and the application's shutdown, for everything that waits. */
export class CallClock {
  readonly #deadlineAt: number;

  constructor(
    deadlineMs: number,
    private readonly signal: AbortSignal | undefined,
    private readonly closing: AbortSignal,
  ) {
    this.#deadlineAt = Date.now() + deadlineMs;
    // Hundreds of calls may listen to one signal: that is no leak to warn of.
    if (signal) setMaxListeners(0, signal);
  }

  /** Milliseconds until the deadline; may be negative. */
  get remainingMs(): number {
    return this.#deadlineAt - Date.now();
  }

  /** Why the call must end now; null while it may go on. */
  get ended(): CallEnd | null {
    if (this.closing.aborted || this.signal?.aborted) return 'aborted';
    return this.remainingMs <= 0 ? 'deadline' : null;
  }

  /** Waits, at most until the call ends. */
  async pause(ms: number): Promise<void> {
    await this.race(new Promise<never>(() => undefined), ms);
  }

  /** The promise's value, or why the call ended before; `null` when `ms` is given and over. */
  race<T>(running: Promise<T>, ms: number = this.remainingMs): Promise<T | CallEnd | null> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        this.signal?.removeEventListener('abort', onEnd);
        this.closing.removeEventListener('abort', onEnd);
      };
      const onEnd = (): void => {
        stop();
        resolve(this.ended);
      };
      // Kept referenced: somebody waits for this call, and nothing else may keep the process alive meanwhile.
      const timer = setTimeout(onEnd, Math.max(0, Math.min(ms, this.remainingMs)));
      this.signal?.addEventListener('abort', onEnd);
      this.closing.addEventListener('abort', onEnd);
      running.then(
        (value) => {
          stop();
          resolve(value);
        },
        (error: unknown) => {
          stop();
          reject(error instanceof Error ? error : new Error('rejected'));
        },
      );
    });
  }

  /** Tells the running attempt when the caller gives up; returns how to stop telling. */
  onAbort(listener: () => void): () => void {
    const { signal } = this;
    if (!signal) return () => undefined;
    signal.addEventListener('abort', listener, { once: true });
    return () => signal.removeEventListener('abort', listener);
  }
}

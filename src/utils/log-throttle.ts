/** Milliseconds between two log lines about the same trouble. */
const INTERVAL_MS = 10_000;

/** Lets a line about trouble that goes on through every ten seconds: a server that is away fails every call. */
export class LogThrottle {
  #last = Number.NEGATIVE_INFINITY;

  /** Whether a line is due; the next one is not for a while. */
  isDue(): boolean {
    const now = performance.now();
    if (now - this.#last < INTERVAL_MS) return false;
    this.#last = now;
    return true;
  }
}

import { randomInt } from 'node:crypto';

/** First pause after a failure; doubled with each further one, up to the interval. */
const FIRST_RETRY_MS = 5_000;
/** Where no interval is set, failures are retried at most this seldom. */
const LAST_RETRY_MS = 300_000;
/** So many instances that started together do not ask together. */
const JITTER = 0.2;

/** The one timer of all sources and marketplaces. It does not keep the process alive. */
export class RefreshTimer {
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly intervalMs: number,
    private readonly onDue: () => void,
  ) {}

  /**
   * Arms the timer anew.
   *
   * @param failures of the source that fails longest; 0 when all is well.
   * @param expiry when something ends by itself, in epoch milliseconds; null when nothing does.
   */
  arm(failures: number, expiry: number | null): void {
    this.stop();
    const pauses: number[] = [];
    if (failures > 0) pauses.push(jittered(retryMs(failures, this.intervalMs || LAST_RETRY_MS)));
    else if (this.intervalMs > 0) pauses.push(jittered(this.intervalMs));
    if (expiry !== null) pauses.push(Math.max(0, expiry - Date.now()) + 1);
    if (pauses.length === 0) return;
    this.#timer = setTimeout(this.onDue, Math.min(...pauses, 2 ** 31 - 1)).unref();
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function retryMs(failures: number, most: number): number {
  return Math.min(most, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20));
}

function jittered(ms: number): number {
  return Math.round(ms * (1 - JITTER * (randomInt(1_001) / 1_000)));
}

import { Inject, Injectable, Logger } from '@nestjs/common';

import type { WebhooksSettings } from '../settings/maestrano-settings.js';
import { WEBHOOKS_SETTINGS } from '../settings/settings.providers.js';

interface Attempts {
  failures: number;
  /** Milliseconds since the epoch: end of the counting window, or of the lock. */
  until: number;
  locked: boolean;
}

/**
 * Counts wrong credentials by source address and marketplace, and locks out who keeps sending them (protocol §6.5).
 * Off unless the `webhooks.lockout` option asks for it. Kept in this process: bounded, and without any timer.
 */
@Injectable()
export class CredentialLockout {
  readonly #logger = new Logger('MaestranoSecurity');
  readonly #entries = new Map<string, Attempts>();
  readonly #limits: WebhooksSettings['lockout'];

  constructor(@Inject(WEBHOOKS_SETTINGS) { lockout }: WebhooksSettings) {
    this.#limits = lockout;
  }

  /** Whether attempts are counted at all. */
  get isOn(): boolean {
    return this.#limits !== null;
  }

  /** Entries held now; never more than `maxEntries`. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether the address is locked out of the marketplace. */
  isLocked(source: string, marketplace: string): boolean {
    if (!this.#limits) return false;
    const entry = this.#entries.get(keyOf(source, marketplace));
    return entry !== undefined && entry.locked && entry.until > Date.now();
  }

  /** Counts wrong credentials. */
  failed(source: string, marketplace: string): void {
    const limits = this.#limits;
    if (!limits) return;
    const key = keyOf(source, marketplace);
    const now = Date.now();
    const previous = this.#entries.get(key);
    const entry =
      previous && previous.until > now
        ? previous
        : { failures: 0, until: now + limits.windowMs, locked: false };
    entry.failures += 1;
    if (!entry.locked && entry.failures >= limits.failures) {
      entry.locked = true;
      entry.until = now + limits.lockMs;
      this.#logger.warn(
        `${source.slice(0, 64).replace(/[^\w.:%-]/g, '?')} sent wrong credentials for "${marketplace}" ${entry.failures} times: ` +
          `not listened to for ${Math.round(limits.lockMs / 1000)} s.`,
      );
    }
    // Set anew, so that the map stays in the order of the latest failure.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > limits.maxEntries) this.#forgetOldest();
  }

  /** Right credentials: what was counted is forgotten. */
  succeeded(source: string, marketplace: string): void {
    if (this.#limits) this.#entries.delete(keyOf(source, marketplace));
  }

  #forgetOldest(): void {
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

function keyOf(source: string, marketplace: string): string {
  return `${source.slice(0, 64)}\n${marketplace}`;
}

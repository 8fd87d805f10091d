import { Inject, Injectable, Logger } from '@nestjs/common';

import type { MaestranoSessionData } from '../interfaces/session.interface.js';
import { MaestranoStore } from '../stores/maestrano-store.js';
import { companyKey } from '../stores/store-key.js';
import { unmaskUser } from '../utils/platform-identifier.js';
import type { SessionSettings } from '../settings/maestrano-settings.js';
import { SESSION_SETTINGS } from '../settings/settings.providers.js';

const NAMESPACE = 'session-closed';
const HOUR = 3_600_000;
const ASK_AGAIN_MS = 1_000;

/**
 * Remembers which groups and memberships were removed, and when. Every login from before that moment is over, in
 * whatever cookie or store it is kept and whichever instance reads it (protocol §6.4).
 */
@Injectable()
export class SessionRevocations {
  readonly #logger = new Logger('MaestranoSession');
  /** A marker must outlive every login it closes. */
  readonly #ttlMs: number;
  readonly #graceMs: number;
  /** Of the monotonic clock, when the store failed first; null while it responds. */
  #awaySince: number | null = null;
  #askAgainAt = 0;
  #failure: unknown = null;
  #passedOver = 0;

  constructor(
    private readonly store: MaestranoStore,
    @Inject(SESSION_SETTINGS) settings: SessionSettings,
  ) {
    this.#ttlMs = settings.maxAgeMs + HOUR;
    this.#graceMs = settings.graceMs;
  }

  /** For health checks: look-ups that were passed over since the start, and for how long the store is away now. */
  get status(): { readonly passedOver: number; readonly awayMs: number | null } {
    const since = this.#awaySince;
    return {
      passedOver: this.#passedOver,
      awayMs: since === null ? null : Math.round(performance.now() - since),
    };
  }

  /** Closes what everybody of the group has open until now. */
  closeGroup(marketplace: string, groupUid: string): Promise<void> {
    return this.#close(companyKey(NAMESPACE, marketplace, groupUid));
  }

  /** Closes what one person has open in one group until now. */
  closeMembership(marketplace: string, groupUid: string, userUid: string): Promise<void> {
    return this.#close(companyKey(NAMESPACE, marketplace, groupUid, unmaskUser(userUid)));
  }

  /**
   * Whether the session was closed after it began. A store that is away closes nobody for `session.graceMs`: the session
   * was valid, and the recheck at the marketplace still ends it, minutes later.
   *
   * @throws MaestranoStoreError `store.unavailable` beyond that time.
   */
  async isClosed({ marketplace, groupUid, userUid, signedInAt }: MaestranoSessionData): Promise<boolean> {
    try {
      const closed = await this.#lookUp([
        companyKey(NAMESPACE, marketplace, groupUid),
        companyKey(NAMESPACE, marketplace, groupUid, unmaskUser(userUid)),
      ]);
      return closed.some((at) => at !== null && signedInAt.getTime() <= Number(at));
    } catch (error) {
      const now = performance.now();
      if (this.#awaySince === null) {
        this.#awaySince = now;
        this.#logger.error(
          `Removals cannot be looked up (${error instanceof Error ? error.message : 'unknown'}): ` +
            `sessions go on without for ${this.#graceMs} ms (session.graceMs).`,
        );
      }
      if (now - this.#awaySince >= this.#graceMs) throw error;
      this.#passedOver += 1;
      return false;
    }
  }

  /** While the store is away it is asked once a second, so that not every page waits for its deadline. */
  async #lookUp(keys: readonly string[]): Promise<(string | null)[]> {
    const now = performance.now();
    if (this.#awaySince !== null && now < this.#askAgainAt) throw this.#failure;
    this.#askAgainAt = now + ASK_AGAIN_MS;
    try {
      const found = await this.store.getMany(keys);
      this.#awaySince = null;
      return found;
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** Never earlier than it was: the clocks of instances differ, and a removal that comes twice must open nothing. */
  async #close(key: string): Promise<void> {
    const before = Number(await this.store.get(key));
    await this.store.set(key, String(Math.max(before || 0, Date.now())), this.#ttlMs);
  }
}

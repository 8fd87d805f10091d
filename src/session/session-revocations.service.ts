import { Inject, Injectable, Logger } from '@nestjs/common';

import type { MaestranoSessionData } from '../interfaces/session.interface.js';
import { MaestranoStore } from '../stores/maestrano-store.js';
import { companyKey } from '../stores/store-key.js';
import { unmaskUser } from '../utils/masking.js';
import type { SessionSettings } from '../settings/maestrano-settings.js';
import { SESSION_SETTINGS } from '../settings/settings.providers.js';

const NAMESPACE = 'session-closed';
const HOUR = 3_600_000;

/**
 * Remembers which groups and memberships were removed, and when. Every login from before that moment is over, in
 * whatever cookie or store it is kept and whichever instance reads it (protocol §6.4).
 */
@Injectable()
export class SessionRevocations {
  readonly #logger = new Logger('MaestranoSession');
  /** A marker must outlive every login it closes. */
  readonly #ttlMs: number;

  constructor(
    private readonly store: MaestranoStore,
    @Inject(SESSION_SETTINGS) settings: SessionSettings,
  ) {
    this.#ttlMs = settings.maxAgeMs + HOUR;
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
   * Whether the session was closed after it began. A store that does not respond closes nobody: the recheck at the
   * marketplace still does, minutes later.
   */
  async isClosed({ marketplace, groupUid, userUid, signedInAt }: MaestranoSessionData): Promise<boolean> {
    try {
      const closed = await this.store.getMany([
        companyKey(NAMESPACE, marketplace, groupUid),
        companyKey(NAMESPACE, marketplace, groupUid, unmaskUser(userUid)),
      ]);
      return closed.some((at) => at !== null && signedInAt.getTime() <= Number(at));
    } catch (error) {
      this.#logger.error(
        `Removals could not be looked up: ${error instanceof Error ? error.message : 'unknown'}`,
      );
      return false;
    }
  }

  #close(key: string): Promise<void> {
    return this.store.set(key, String(Date.now()), this.#ttlMs);
  }
}

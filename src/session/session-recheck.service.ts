import { Inject, Injectable, Logger } from '@nestjs/common';

import { MaestranoError } from '../errors/maestrano.error.js';
import { MaestranoHttp } from '../http/maestrano-http.service.js';
import { ssoTarget } from '../http/marketplace-target.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { MaestranoSessionData } from '../interfaces/session.interface.js';
import { identityProviderUrl } from '../marketplace/marketplace-urls.js';
import type { SessionSettings } from '../settings/maestrano-settings.js';
import { SESSION_SETTINGS } from '../settings/settings.providers.js';
import { parsePlatformDate } from '../utils/dates.js';
import { isRecord } from '../utils/values.js';

/** What the marketplace says of a session; `unreachable` when it says nothing that can be understood. */
export type RecheckResult =
  | { readonly status: 'valid'; readonly recheckAt: Date }
  | { readonly status: 'ended' }
  | { readonly status: 'unreachable' };

/** A marketplace whose clock is behind ours would otherwise be asked with every request. */
const MIN_INTERVAL_MS = 10_000;
/** No marketplace can switch single logout off by naming a day far ahead. */
export const MAX_RECHECK_INTERVAL_MS = 24 * 3_600_000;

/** For so long a response serves the requests that were sent before the browser knew of it. */
const SHARED_MS = 5_000;

interface Question {
  readonly askedAt: number;
  readonly result: Promise<RecheckResult>;
}

/**
 * Asks the marketplace whether a session still holds (protocol §4.11). Requests of one session that come together, as
 * a page and its data do, share one question and its response.
 */
@Injectable()
export class SessionRecheck {
  readonly #logger = new Logger('MaestranoSession');
  /** In the order of asking. */
  readonly #questions = new Map<string, Question>();
  readonly #timeoutMs: number;

  constructor(
    private readonly http: MaestranoHttp,
    @Inject(SESSION_SETTINGS) settings: SessionSettings,
  ) {
    this.#timeoutMs = settings.recheckTimeoutMs;
  }

  /** Never throws: whatever goes wrong is `unreachable`. */
  ask(marketplace: Marketplace, session: MaestranoSessionData): Promise<RecheckResult> {
    this.#forgetOld();
    const key = JSON.stringify([marketplace.name, session.userUid, session.token.reveal()]);
    const asked = this.#questions.get(key);
    if (asked) return asked.result;
    const result = this.#ask(marketplace, session);
    this.#questions.set(key, { askedAt: Date.now(), result });
    return result;
  }

  #forgetOld(): void {
    const now = Date.now();
    for (const [key, { askedAt }] of this.#questions) {
      // A moment that is yet to come: the machine's clock was set back.
      if (askedAt <= now && askedAt > now - Math.max(SHARED_MS, this.#timeoutMs)) return;
      this.#questions.delete(key);
    }
  }

  async #ask(marketplace: Marketplace, session: MaestranoSessionData): Promise<RecheckResult> {
    const { pathname } = new URL(identityProviderUrl(marketplace));
    const user = encodeURIComponent(session.userUid);
    const token = encodeURIComponent(session.token.reveal());
    try {
      const response = await this.http.request(ssoTarget(marketplace), {
        method: 'GET',
        path: `${pathname}/${user}`,
        secretQuery: `session=${token}`,
        operation: 'GET auth/saml/:uid',
        timeoutMs: this.#timeoutMs,
        deadlineMs: this.#timeoutMs,
        attempts: 1,
        maxResponseBytes: 65_536,
      });
      const result = readResult(response.status, response.json);
      if (result.status === 'unreachable')
        this.#warn(marketplace, `it responded with status ${response.status}`);
      return result;
    } catch (error) {
      this.#warn(marketplace, error instanceof MaestranoError ? error.code : 'an unexpected error');
      return { status: 'unreachable' };
    }
  }

  #warn(marketplace: Marketplace, reason: string): void {
    this.#logger.warn(`Marketplace "${marketplace.name}" could not be asked about a session: ${reason}.`);
  }
}

/** The hub always responds 200 with `valid` and `recheck`; anything else is about its own trouble, not the session. */
function readResult(status: number, json: unknown): RecheckResult {
  if (status !== 200 || !isRecord(json)) return { status: 'unreachable' };
  const { valid, recheck } = json;
  if (valid === false) return { status: 'ended' };
  const time = valid === true ? parsePlatformDate(recheck)?.getTime() : undefined;
  if (time === undefined) return { status: 'unreachable' };
  const now = Date.now();
  const recheckAt = Math.min(Math.max(time, now + MIN_INTERVAL_MS), now + MAX_RECHECK_INTERVAL_MS);
  return { status: 'valid', recheckAt: new Date(recheckAt) };
}

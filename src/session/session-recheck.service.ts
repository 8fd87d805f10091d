import { Inject, Injectable, Logger } from '@nestjs/common';

import { MaestranoError } from '../errors/maestrano.error.js';
import { MaestranoHttp } from '../http/maestrano-http.service.js';
import { ssoTarget } from '../http/marketplace-target.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { MaestranoSessionData } from '../interfaces/session.interface.js';
import type { WithSessionOptions } from '../interfaces/session-options.interface.js';
import { MAESTRANO_OPTIONS } from '../maestrano.constants.js';
import { identityProviderUrl } from '../marketplace/marketplace-urls.js';
import { resolveSessionSettings } from './session-settings.js';

/** What the marketplace says of a session; `unreachable` when it says nothing that can be understood. */
export type RecheckOutcome =
  | { readonly verdict: 'valid'; readonly recheckAt: Date }
  | { readonly verdict: 'ended' }
  | { readonly verdict: 'unreachable' };

/** A marketplace whose clock is behind ours would otherwise be asked with every request. */
const MIN_INTERVAL_MS = 10_000;
/** No marketplace can switch single logout off by naming a day far ahead. */
export const MAX_RECHECK_INTERVAL_MS = 24 * 3_600_000;
const ZONED = /(?:Z|[+-]\d{2}:?\d{2})$/;

/** For so long an answer serves the requests that were sent before the browser knew of it. */
const SHARED_MS = 5_000;

interface Question {
  readonly askedAt: number;
  readonly outcome: Promise<RecheckOutcome>;
}

/**
 * Asks the marketplace whether a session still holds (protocol §4.11). Requests of one session that come together, as
 * a page and its data do, share one question and its answer.
 */
@Injectable()
export class SessionRecheck {
  readonly #logger = new Logger('MaestranoSession');
  /** In the order of asking. */
  readonly #questions = new Map<string, Question>();
  readonly #timeoutMs: number;

  constructor(
    private readonly http: MaestranoHttp,
    @Inject(MAESTRANO_OPTIONS) options: WithSessionOptions,
  ) {
    this.#timeoutMs = resolveSessionSettings(options.session).recheckTimeoutMs;
  }

  /** Never throws: whatever goes wrong is `unreachable`. */
  ask(marketplace: Marketplace, session: MaestranoSessionData): Promise<RecheckOutcome> {
    this.#forgetOld();
    const key = JSON.stringify([marketplace.name, session.userUid, session.token.reveal()]);
    const asked = this.#questions.get(key);
    if (asked) return asked.outcome;
    const outcome = this.#ask(marketplace, session);
    this.#questions.set(key, { askedAt: Date.now(), outcome });
    return outcome;
  }

  #forgetOld(): void {
    const now = Date.now();
    for (const [key, { askedAt }] of this.#questions) {
      // A moment that is yet to come: the machine's clock was set back.
      if (askedAt <= now && askedAt > now - Math.max(SHARED_MS, this.#timeoutMs)) return;
      this.#questions.delete(key);
    }
  }

  async #ask(marketplace: Marketplace, session: MaestranoSessionData): Promise<RecheckOutcome> {
    const { pathname } = new URL(identityProviderUrl(marketplace));
    const user = encodeURIComponent(session.userUid);
    const token = encodeURIComponent(session.token.reveal());
    try {
      const answer = await this.http.request(ssoTarget(marketplace), {
        method: 'GET',
        path: `${pathname}/${user}?session=${token}`,
        operation: 'GET auth/saml/:uid',
        timeoutMs: this.#timeoutMs,
        deadlineMs: this.#timeoutMs,
        attempts: 1,
        maxResponseBytes: 65_536,
      });
      const outcome = judge(answer.status, answer.json);
      if (outcome.verdict === 'unreachable')
        this.#warn(marketplace, `it answered with status ${answer.status}`);
      return outcome;
    } catch (error) {
      this.#warn(marketplace, error instanceof MaestranoError ? error.code : 'an unexpected error');
      return { verdict: 'unreachable' };
    }
  }

  #warn(marketplace: Marketplace, reason: string): void {
    this.#logger.warn(`Marketplace "${marketplace.name}" could not be asked about a session: ${reason}.`);
  }
}

/** The hub always answers 200 with `valid` and `recheck`; anything else tells of its trouble, not of the session. */
function judge(status: number, json: unknown): RecheckOutcome {
  if (status !== 200 || typeof json !== 'object' || json === null) return { verdict: 'unreachable' };
  const { valid, recheck } = json as Record<string, unknown>;
  if (valid === false) return { verdict: 'ended' };
  if (valid !== true || typeof recheck !== 'string') return { verdict: 'unreachable' };
  const time = Date.parse(ZONED.test(recheck) ? recheck : `${recheck}Z`);
  if (Number.isNaN(time)) return { verdict: 'unreachable' };
  const now = Date.now();
  const recheckAt = Math.min(Math.max(time, now + MIN_INTERVAL_MS), now + MAX_RECHECK_INTERVAL_MS);
  return { verdict: 'valid', recheckAt: new Date(recheckAt) };
}

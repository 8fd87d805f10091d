import { Inject, Injectable, Logger } from '@nestjs/common';

import { MaestranoSsoError } from '../../errors/sso.error.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { LoginProfile } from '../../interfaces/profiles.interface.js';
import { ssoPolicyOf, type SsoSettings } from '../../settings/maestrano-settings.js';
import { SSO_SETTINGS } from '../../settings/settings.providers.js';
import type { Secret } from '../../utils/secret.js';
import { LoginSubjects } from '../trace/login-subjects.service.js';
import { LoginTraceService } from '../trace/login-trace.service.js';
import { CheckFailed, shorten } from './check-list.js';
import type { LoginAttributes } from './login-attributes.js';
import { mapProfile, mapSession } from './login-profile.js';
import {
  type LoginStart,
  type LoginTransaction,
  LoginTransactionService,
  newLogin,
} from './login-transaction.service.js';
import { LoginAttempt, type SsoProtocol, type SsoResponse, type VerifiedResponse } from './sso-protocol.js';

/** Names of attributes in a log line or a trace. */
const MAX_NAMES = 20;

/** Where to send the browser, and what it has to bring back. */
export interface LoginRedirect {
  /** The identity provider's URL. */
  readonly url: string;
  /** The one-time login request. */
  readonly requestId: string;
  /** For the binding cookie, which ties the request to the browser. */
  readonly browserKey: string;
}

/** A login that passed every check. */
export interface VerifiedLogin {
  readonly profile: LoginProfile;
  /** Token of the marketplace's session (`mno_session`), for the session check (protocol §4.11). */
  readonly sessionToken: Secret;
  /** When the marketplace must be asked whether the session still holds; now, when it named no sensible time. */
  readonly recheckAt: Date;
  /** When the person's session at the provider ends, and ours with it; null when the provider did not say. */
  readonly endsAt: Date | null;
  /** The login that was begun, taken from the store. */
  readonly transaction: Pick<LoginTransaction, 'id' | 'returnTo' | 'byGuard'>;
  /** Short code under which the login's trace is found. */
  readonly traceCode: string;
}

/** The registered protocols. */
export class SsoProtocols {
  /** @param byName by the value of a marketplace's `sso.protocol`. */
  constructor(private readonly byName: ReadonlyMap<string, SsoProtocol>) {}

  /** The protocol that a marketplace is configured for. */
  of({ sso }: Marketplace): SsoProtocol {
    const protocol = this.byName.get(sso.protocol);
    if (!protocol) throw new Error(`No SSO protocol "${sso.protocol}" is registered.`);
    return protocol;
  }
}

/**
 * The two ends of every login, whatever the protocol: notes the login request before the browser leaves, and when it
 * is back has the response verified, uses the request up, and writes the trace.
 */
@Injectable()
export class LoginService {
  readonly #logger = new Logger('MaestranoSso');

  constructor(
    private readonly protocols: SsoProtocols,
    private readonly transactions: LoginTransactionService,
    private readonly traces: LoginTraceService,
    private readonly subjects: LoginSubjects,
    @Inject(SSO_SETTINGS) private readonly settings: SsoSettings,
  ) {}

  /** Records a one-time login request and builds the redirect to the identity provider. */
  async begin(marketplace: Marketplace, start: LoginStart): Promise<LoginRedirect> {
    const { transaction, browserKey } = newLogin(marketplace, start);
    const { url, state } = await this.protocols.of(marketplace).loginRequest(marketplace, transaction);
    await this.transactions.save(
      state === undefined ? transaction : { ...transaction, protocolState: state },
    );
    return { url, requestId: transaction.id, browserKey };
  }

  /** Whether a request to the init path is a response instead of a beginning (protocol §5). */
  isResponse(marketplace: Marketplace, request: Omit<SsoResponse, 'boundRequestIds'>): boolean {
    return this.protocols.of(marketplace).isResponse(request);
  }

  /**
   * Verifies a response and uses up the login request it belongs to.
   *
   * @throws MaestranoSsoError with the code of the first check that failed.
   */
  async verify(marketplace: Marketplace, response: SsoResponse): Promise<VerifiedLogin> {
    const policy = ssoPolicyOf(this.settings, marketplace.name);
    const attempt = new LoginAttempt(marketplace, policy, response, this.transactions);
    const traceCode = this.traces.newCode(marketplace.name);
    try {
      const verified = await this.protocols.of(marketplace).verify(attempt);
      await this.#useUp(attempt, verified);
      const { attributes, sessionEndsAt } = verified;
      const { id, returnTo, byGuard = false } = verified.transaction;
      if (attributes.cleaned.length + attributes.omitted.length > 0) {
        this.#logger.warn(describeChanges(marketplace, traceCode, attributes));
      }
      await this.#record(attempt, traceCode, attributes);
      const profile = mapProfile(marketplace, attributes.values, attributes.omitted);
      const endsAt = sessionEndsAt === null ? null : new Date(sessionEndsAt);
      const transaction = { id, returnTo, byGuard };
      return { profile, ...mapSession(attributes.values), endsAt, transaction, traceCode };
    } catch (error) {
      if (!(error instanceof CheckFailed)) throw error;
      const rejection = new MaestranoSsoError(error.code, {
        marketplace: marketplace.name,
        checks: attempt.checks.checks,
        traceCode,
        requestId: attempt.requestId,
      });
      this.#logger.warn(describeRejection(rejection));
      await this.#record(attempt, traceCode, rejection);
      throw rejection;
    }
  }

  /** Last of all: of any number of copies of a response one gets here with an open login and a new `onceId`. */
  async #useUp({ marketplace, checks }: LoginAttempt, verified: VerifiedResponse): Promise<void> {
    const { transaction, onceId, validUntil } = verified;
    const open = (await this.transactions.take(marketplace, transaction.id)) !== null;
    checks.require('sso.requestUsed', open, 'an open login', open ? 'an open login' : 'a finished one');
    const first = await this.transactions.claim(marketplace, onceId, validUntil);
    checks.require('sso.replay', first, 'not accepted before', first ? 'not accepted before' : 'a copy');
  }

  async #record(
    attempt: LoginAttempt,
    code: string,
    outcome: MaestranoSsoError | LoginAttributes,
  ): Promise<void> {
    const { marketplace, transaction, issuedAt, checks } = attempt;
    const now = Date.now();
    const rejection = outcome instanceof MaestranoSsoError ? outcome : null;
    const changed = outcome instanceof MaestranoSsoError ? null : outcome;
    await this.traces.record({
      code,
      marketplace: marketplace.name,
      at: new Date(now).toISOString(),
      accepted: rejection === null,
      began: transaction !== null,
      rejection: rejection?.code ?? null,
      requestId: transaction?.id ?? null,
      clockOffsetMs: issuedAt === null ? null : issuedAt - now,
      cleanedAttributes: changed ? firstNames(changed.cleaned) : [],
      omittedAttributes: changed ? firstNames(changed.omitted) : [],
      checks: rejection ? rejection.checks : checks.outline,
      subject: attempt.attributes === null ? null : this.subjects.of(attempt.attributes.values),
    });
  }
}

/** One line for the log with the names of what was not taken as it came, and never a value. */
function describeChanges(
  { name: marketplace }: Marketplace,
  trace: string,
  { cleaned, omitted }: LoginAttributes,
): string {
  const names = { marketplace, trace, cleaned: firstNames(cleaned), omitted: firstNames(omitted) };
  return `Login accepted, some attributes not as they came: ${JSON.stringify(names)}`;
}

/** The names that a log line or a trace has room for; the provider chose them. */
function firstNames(names: readonly string[]): string[] {
  const shown = names.slice(0, MAX_NAMES).map((name) => shorten(name));
  return names.length > MAX_NAMES ? [...shown, `and ${names.length - MAX_NAMES} more`] : shown;
}

/** One line for the log. JSON, so that nothing a stranger sent can forge a further line. */
function describeRejection(rejection: MaestranoSsoError): string {
  const { marketplace, code, traceCode, requestId, checks } = rejection;
  const failed = checks.find((check) => check.code === code && check.result === 'failed');
  const details = {
    marketplace,
    code,
    trace: traceCode,
    request: requestId === null ? null : shorten(requestId.slice(0, 64)),
    expected: failed?.expected ?? null,
    seen: failed?.seen ?? null,
  };
  return `Login rejected: ${JSON.stringify(details)}`;
}

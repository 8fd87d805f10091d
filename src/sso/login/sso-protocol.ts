import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { SsoPolicy } from '../../settings/maestrano-settings.js';
import { CheckFailed, CheckList } from './check-list.js';
import type { LoginAttributes } from './login-attributes.js';
import {
  type LoginTransaction,
  type LoginTransactionService,
  REQUEST_ID,
} from './login-transaction.service.js';

/** How a browser is sent to log in. */
export interface LoginRequest {
  /** The identity provider's URL. */
  readonly url: string;
  /** Kept with the login, and given back with its response as `protocolState`; it may be a secret. */
  readonly state?: string;
}

/** The identity provider's response, as the browser brought it. */
export interface SsoResponse {
  readonly method: string;
  readonly query: URLSearchParams;
  /** The parsed body as the application's parsers left it; undefined when nothing parsed it. */
  readonly body: unknown;
  /** Login requests that this browser began; null when it brought no binding cookie at all. */
  readonly boundRequestIds: readonly string[] | null;
}

/** A response whose every statement that is used was verified. */
export interface VerifiedResponse {
  /** The login that it belongs to, as {@link LoginAttempt.findTransaction} found it. */
  readonly transaction: LoginTransaction;
  /** What it says of person, company and session; identifiers are checked. */
  readonly attributes: LoginAttributes;
  /** What may be accepted once only, such as the assertion's ID or a nonce. */
  readonly onceId: string;
  /** When it ceases to be valid, in milliseconds since the epoch: until then its `onceId` is remembered. */
  readonly validUntil: number;
  /** When the person's session at the provider ends, in milliseconds since the epoch; null when it does not say. */
  readonly sessionEndsAt: number | null;
}

/**
 * A protocol by which marketplaces let people log in: SAML 2.0 (protocol §4), OpenID 2.0 (protocol §5). It says where
 * the browser goes, and verifies what the browser brings back. The rest is the same for all and not the protocol's:
 * {@link LoginService} keeps the login request, uses it up, and writes the trace.
 */
export abstract class SsoProtocol {
  /**
   * How the identity provider is asked for this login. Called before the login is kept, so that a login which cannot
   * begin leaves nothing behind.
   *
   * @param transaction its ID must come back with the response; its parameters are passed on to the provider.
   */
  abstract loginRequest(marketplace: Marketplace, transaction: LoginTransaction): Promise<LoginRequest>;

  /** Whether a request to the init path is a response instead of a beginning. */
  isResponse(_request: Omit<SsoResponse, 'boundRequestIds'>): boolean {
    return false;
  }

  /**
   * Verifies a response and everything it says, and records each check on the attempt.
   *
   * @throws CheckFailed with the code of the first failed check.
   */
  abstract verify(attempt: LoginAttempt): Promise<VerifiedResponse>;
}

/** One response on its way through the checks: what it is verified with, and what is known of it so far. */
export class LoginAttempt {
  readonly checks = new CheckList();
  /** The one instant that every check takes for the present, in milliseconds since the epoch. */
  readonly now = Date.now();
  /** The login that the response names; null when it names none. What a stranger sent, known or not. */
  requestId: string | null = null;
  /** When a verified response says it was made, in milliseconds since the epoch; null when it does not. */
  issuedAt: number | null = null;
  /** What a verified response says of the person, whether or not everything else holds; null before. */
  attributes: LoginAttributes | null = null;
  /** The open login that the response belongs to, once it is found. */
  transaction: LoginTransaction | null = null;

  constructor(
    /** The snapshot that the route decided on. */
    readonly marketplace: Marketplace,
    readonly policy: SsoPolicy,
    readonly response: SsoResponse,
    private readonly transactions: LoginTransactionService,
  ) {}

  /**
   * Finds the open login that the response belongs to, and leaves it open (saml §3.3 rows 2 and 3): begun here, on this
   * marketplace, in this browser as far as its cookie shows. It is used up only when every other check has passed, so
   * that garbage cannot end somebody's login.
   *
   * @param requestId the login that the response names.
   * @throws CheckFailed with `sso.request…`.
   */
  async findTransaction(requestId: string | null): Promise<LoginTransaction> {
    const { marketplace, checks } = this;
    this.requestId = requestId;
    const id = requestId ?? '';
    checks.require('sso.requestMissing', REQUEST_ID.test(id), 'the ID of our request', id || 'none');
    this.#checkBinding(id);

    const transaction = await this.transactions.peek(marketplace, id);
    if (!transaction) {
      const used = await this.transactions.wasTaken(marketplace, id);
      checks.require('sso.requestUsed', !used, 'an open login', used ? 'a finished one' : 'none');
    }
    const seen = transaction ? 'as expected' : 'none, or its time is over';
    checks.require('sso.requestUnknown', transaction !== null, 'an open login begun here', seen);
    if (!transaction) throw new CheckFailed('sso.requestUnknown');
    return (this.transaction = transaction);
  }

  /** Whether the browser has proved that it began the login which the response names, whatever the policy asks for. */
  get isBound(): boolean {
    return this.requestId !== null && this.response.boundRequestIds?.includes(this.requestId) === true;
  }

  #checkBinding(id: string): void {
    const { checks, policy } = this;
    const { boundRequestIds: bound } = this.response;
    if (policy.binding === 'off') return checks.skip('sso.requestNotBound', 'switched off');
    if (bound === null && policy.binding === 'prefer') {
      return checks.skip('sso.requestNotBound', 'no binding cookie came');
    }
    checks.require(
      'sso.requestNotBound',
      bound?.includes(id) === true,
      'a binding cookie with this login',
      bound?.length ? 'a binding cookie with other logins' : 'no binding cookie',
    );
  }
}

import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { LoginAttempt, SsoResponse } from './login-attempt.js';
import type { LoginTransaction } from './login-transaction.service.js';

/** A response whose every statement that is used was verified. */
export interface VerifiedResponse {
  /** The login that it belongs to, as {@link LoginAttempt.findTransaction} found it. */
  readonly transaction: LoginTransaction;
  /** What it says of person, company and session, by the names of protocol §4.6; identifiers are checked. */
  readonly attributes: ReadonlyMap<string, string>;
  /** What may be accepted once only, such as the assertion's ID or a nonce. */
  readonly onceId: string;
  /** When it ceases to be valid, in milliseconds since the epoch: until then its `onceId` is remembered. */
  readonly validUntil: number;
}

/**
 * A protocol by which marketplaces let people log in: SAML 2.0 (protocol §4), OpenID 2.0 (protocol §5). It says where
 * the browser goes, and verifies what the browser brings back. The rest is the same for all and not the protocol's:
 * {@link LoginService} keeps the login request, uses it up, and writes the trace.
 */
export abstract class SsoProtocol {
  /**
   * The identity provider's URL that asks for this login. Called before the login is kept, so that a login which
   * cannot begin leaves nothing behind.
   *
   * @param transaction its ID must come back with the response; its parameters are passed on to the provider.
   */
  abstract loginUrl(marketplace: Marketplace, transaction: LoginTransaction): Promise<string>;

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

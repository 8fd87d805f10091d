import type { LoginProfile } from '../interfaces/profiles.interface.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { Secret } from '../utils/secret.js';

/** What a sign-on begins with; the values are already checked and limited. */
export interface SignOnStart {
  /** Where the person wants to go afterwards, on the application's own origins; null for nowhere in particular. */
  readonly returnTo: string | null;
  /** Parameters for the identity provider: `group_id` and those the application allows (protocol §4.1). */
  readonly params: Readonly<Record<string, string>>;
}

/** Where to send the browser, and what it has to bring back. */
export interface SignOnRedirect {
  /** The identity provider's URL. */
  readonly url: string;
  /** The one-time login request; a binding cookie ties it to the browser. */
  readonly requestId: string;
}

/** What the browser brought to the consume endpoint. */
export interface SignOnAnswer {
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly url: string;
  readonly query: URLSearchParams;
  /** The parsed body as the application's parsers left it; undefined when nothing parsed it. */
  readonly body: unknown;
  /** Login requests that this browser began; null when it brought no binding cookie at all. */
  readonly boundRequestIds: readonly string[] | null;
}

/** A sign-on that passed every check. */
export interface SignOnLogin {
  readonly profile: LoginProfile;
  /** Token of the marketplace's session, for the session check (protocol §4.11). */
  readonly sessionToken: Secret;
  /** When the marketplace must be asked whether the session still holds. */
  readonly recheckAt: Date;
  readonly transaction: { readonly id: string; readonly returnTo: string | null };
  /** Short code under which the login's trace is found. */
  readonly traceCode: string;
}

/**
 * How a marketplace lets people in: SAML 2.0 (protocol §4), or OpenID 2.0 (protocol §5). Both begin with a redirect
 * to the marketplace and end with an answer that the browser carries; what lies between is theirs.
 */
export abstract class SsoProtocol {
  /** Records a one-time login request and builds the redirect to the identity provider. */
  abstract begin(marketplace: Marketplace, start: SignOnStart): Promise<SignOnRedirect>;

  /**
   * Whether a request to the init path is the provider's answer instead of a beginning: OpenID providers return there
   * (protocol §5).
   */
  isAnswer(_answer: Pick<SignOnAnswer, 'method' | 'query' | 'body'>): boolean {
    return false;
  }

  /**
   * Checks the answer and uses up the login request it belongs to.
   *
   * @throws SsoError with the code of the first check that failed.
   */
  abstract complete(marketplace: Marketplace, answer: SignOnAnswer): Promise<SignOnLogin>;
}

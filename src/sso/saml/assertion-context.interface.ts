import type { MarketplaceSso } from '../../interfaces/marketplace.interface.js';
import type { SamlParties } from './saml-engine.js';
import type { SsoPolicy } from './sso-policy.js';

/** What an assertion is judged against. */
export interface AssertionContext {
  readonly parties: SamlParties;
  readonly policy: SsoPolicy;
  readonly sso: Pick<MarketplaceSso, 'sloEnabled'>;
  /** The names under which we may be addressed; null when the policy does not look. */
  readonly audiences: readonly string[] | null;
  /** The login that must be answered. */
  readonly requestId: string;
  /** Issuer of the response around the assertion; null when it has none. */
  readonly responseIssuer: string | null;
  /** Milliseconds since the epoch: one instant for all checks. */
  readonly now: number;
}

import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { LoginProfile } from '../../interfaces/profiles.interface.js';
import type { Secret } from '../../utils/secret.js';
import type { LoginTransaction } from './login-transaction.interface.js';

/** What the provider posted, and what the browser brought along. */
export interface SamlValidation {
  /** The snapshot that the route decided on. */
  readonly marketplace: Marketplace;
  /** The form field as the platform's parser gave it; its type is checked. */
  readonly samlResponse: unknown;
  /** Logins that the binding cookie names; null when no binding cookie arrived. */
  readonly boundRequestIds: readonly string[] | null;
}

/** A login that passed every check. */
export interface SamlLogin {
  readonly profile: LoginProfile;
  /** Token of the marketplace's session (`mno_session`). */
  readonly sessionToken: Secret;
  /** When the marketplace must be asked again; now, when it named no sensible time. */
  readonly recheckAt: Date;
  /** The login that was begun, taken from the store. */
  readonly transaction: LoginTransaction;
  /** Finds the trace of this login. */
  readonly traceCode: string;
}

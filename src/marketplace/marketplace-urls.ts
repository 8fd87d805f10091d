import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { withQuery } from '../utils/with-query.js';

/** Parameters of the init URL that mean something to us; others may be passed on. */
export type InitParameters = Readonly<Partial<Record<'group_id' | 'return_to' | 'resume', string | null>>>;

/**
 * Where a user begins to sign in: `idm` + `init_path` (protocol §4.2).
 *
 * @param parameters `return_to` is checked where signing in begins, so any text may stand here.
 */
export function initUrl(marketplace: Marketplace, parameters: InitParameters = {}): string {
  return withQuery(marketplace.sso.idm + marketplace.sso.initPath, parameters);
}

/** The assertion consumer service: `idm` + `consume_path` (protocol §4.2). */
export function consumeUrl(marketplace: Marketplace): string {
  return marketplace.sso.idm + marketplace.sso.consumePath;
}

/** The identity provider's SSO endpoint: `idp` + `api.base` + `auth/saml` (protocol §4.2). */
export function identityProviderUrl(marketplace: Marketplace): string {
  return `${marketplace.sso.idp}${marketplace.api.base}auth/saml`;
}

/** The marketplace's page after signing out (protocol §4.12). */
export function logoutUrl(marketplace: Marketplace, userUid?: string): string {
  const query = userUid ? `?user_uid=${encodeURIComponent(userUid)}` : '';
  return `${marketplace.sso.idp}/app_logout${query}`;
}

/** The marketplace's page for users whom the application does not let in (protocol §4.12). */
export function unauthorizedUrl(marketplace: Marketplace): string {
  return `${marketplace.sso.idp}/app_access_unauthorized`;
}

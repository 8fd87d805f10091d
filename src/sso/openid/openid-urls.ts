import type { HttpTarget } from '../../http/http.types.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { initUrl } from '../../marketplace/marketplace-urls.js';
import { withQuery } from '../../utils/with-query.js';

/** Query parameter of the return URL that names the login. */
const LOGIN_PARAMETER = 'maestrano_login';

/** Path of the provider: endpoint and discovery document in one (protocol §5). */
export function providerPath({ api }: Marketplace): string {
  return `/api/openid/provider/${encodeURIComponent(api.id)}`;
}

/** The marketplace's OpenID provider; it takes no credentials. */
export function openIdTarget({ name, api }: Marketplace): HttpTarget {
  return { name, service: 'openid', origin: api.host, credentials: null };
}

/**
 * Where the provider sends the browser back to: the init URL, because the provider refuses any other path than the
 * one it knows (protocol §5), with the login in its query.
 */
export function returnUrl(marketplace: Marketplace, requestId: string): string {
  return withQuery(initUrl(marketplace), { [LOGIN_PARAMETER]: requestId });
}

/** The login that the request's own URL names; null when it names none. */
export function requestIdOf(query: URLSearchParams): string | null {
  return query.get(LOGIN_PARAMETER);
}

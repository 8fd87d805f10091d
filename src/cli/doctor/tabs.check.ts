import { MaestranoHttpError } from '../../errors/http.error.js';
import type { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { applicationTarget, call } from './application.check.js';
import { type Finding, ok, trouble } from './finding.js';

/** Tabs that a browser restores at once. */
const TABS = 8;

/** The cookie of a begun login, among those that one response sets. */
const LOGIN_COOKIE = /((?:__Host-)?mno-login-[\da-f]{16})=([^;,]+)((?:;[^;,]*)*)/g;

/**
 * Begins logins as the tabs of one browser do that are restored together, and looks whether each leaves a cookie of its
 * own with the browser: without it, the response of that tab is rejected. Nothing comes of logins that nobody goes on
 * with. Nothing is said where the route does not redirect: that is a finding of its own.
 *
 * @param base where the application is, instead of the configured `app.host`.
 */
export async function checkTabs(
  marketplace: Marketplace,
  http: MaestranoHttp,
  base: string | null,
): Promise<Finding[]> {
  const { name, sso } = marketplace;
  if (!sso.enabled) return [];
  const target = applicationTarget(marketplace, base);
  const jar = new Map<string, string>();
  const destinations = new Set<string>();
  for (let tab = 1; tab <= TABS; tab += 1) {
    const cookie = Array.from(jar, ([key, value]) => `${key}=${value}`).join('; ');
    const headers: Record<string, string> = cookie === '' ? {} : { cookie };
    const response = await call(http, target, { method: 'GET', path: sso.initPath, headers });
    const redirects = !(response instanceof MaestranoHttpError) && [302, 303].includes(response.status);
    if (!redirects) {
      if (tab === 1) return [];
      const seen = response instanceof MaestranoHttpError ? response.code : String(response.status);
      if (seen === '429' || seen === '503') {
        const message = `a browser that begins ${TABS} logins at once is held up after ${tab - 1} (${seen})`;
        return [trouble('warning', 'tabs', name, message, 'Let the limit at the proxy take bursts of 20.')];
      }
      const message = `a browser that has begun ${tab - 1} logins cannot begin another one (${seen})`;
      return [trouble('error', 'tabs', name, message, 'Let proxies take request headers of 8 KB at least.')];
    }
    destinations.add(response.headers['location'] ?? '');
    for (const [, key = '', value = '', attributes = ''] of (response.headers['set-cookie'] ?? '').matchAll(
      LOGIN_COOKIE,
    )) {
      if (!/;\s*secure\b/i.test(attributes) || !/;\s*samesite=none\b/i.test(attributes)) {
        const message =
          'the cookie of a begun login is not Secure and SameSite=None any more: it would not come back';
        return [trouble('error', 'tabs', name, message, CHANGED)];
      }
      jar.set(key, value);
    }
  }
  if (destinations.size < TABS) {
    const message = `${sso.initPath} gave ${TABS} browsers ${destinations.size} logins: a cache responds for the application`;
    return [trouble('error', 'tabs', name, message, 'Let caches obey Cache-Control: no-store.')];
  }
  if (jar.size < TABS) {
    const message = `of ${TABS} logins begun at once in one browser, ${jar.size} left a cookie`;
    return [trouble('error', 'tabs', name, message, CHANGED)];
  }
  return [ok('tabs', name, `${TABS} logins begun at once in one browser left a cookie each`)];
}

const CHANGED =
  'Something before the application changes or removes Set-Cookie: look at proxies and middleware.';

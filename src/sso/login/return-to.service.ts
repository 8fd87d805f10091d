import { Inject, Injectable, Logger } from '@nestjs/common';

import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { SsoSettings } from '../../settings/maestrano-settings.js';
import { SSO_SETTINGS } from '../../settings/settings.providers.js';

const MAX_LENGTH = 2_048;
/** A leading slash that no browser takes for the beginning of a host, or a full web address. */
const PATH_OR_URL = /^(?:\/(?![/\\])|https?:\/\/)/i;
// Browsers drop some control characters before they look at an address.
// oxlint-disable-next-line no-control-regex -- rejecting control characters is the purpose
const FORBIDDEN = /[\u0000-\u0020\u007f\\]/;

/** Keeps redirects after a login on the application's own origins: nobody can be sent to a foreign site. */
@Injectable()
export class ReturnTo {
  readonly #logger = new Logger('MaestranoSso');
  /** Marketplaces whose people cannot be sent home, of which the log has a line. */
  readonly #homeless = new Set<string>();

  constructor(@Inject(SSO_SETTINGS) private readonly settings: SsoSettings) {}

  /**
   * The address in the form it is redirected to: a path on the origin that people sign in on, else a full URL. Null
   * when there is none, when it leads elsewhere, and for the SSO paths themselves, which would go round in circles.
   */
  parse(address: unknown, marketplace: Marketplace): string | null {
    if (typeof address !== 'string' || address.length > MAX_LENGTH) return null;
    if (!PATH_OR_URL.test(address) || FORBIDDEN.test(address)) return null;
    const { app, sso } = marketplace;
    if (!URL.canParse(address, app.host)) return null;
    const url = withinMount(new URL(address, app.host), address, marketplace);
    const here = new URL(sso.idm).origin;
    if (![here, new URL(app.host).origin, ...this.settings.returnToOrigins].includes(url.origin)) return null;
    if (url.username !== '' || url.password !== '') return null;
    const path = url.pathname + url.search + url.hash;
    // "/.//evil.example" is a path to us, and would be a host to the browser once it stands alone.
    if (path.startsWith('//')) return null;
    const mount = mountPath(marketplace);
    if (isPathOf(mount + sso.initPath, url) || isPathOf(mount + sso.consumePath, url)) return null;
    const found = url.origin === here ? path : url.href;
    // Written out, letters of other scripts take up to nine times their length, and each login keeps it.
    return found.length > MAX_LENGTH ? null : found;
  }

  /** Where people land who came from nowhere in particular. */
  home(marketplace: Marketplace): string {
    const home = this.parse(this.settings.homeUrl, marketplace);
    if (home === null && !this.#homeless.has(marketplace.name)) {
      this.#homeless.add(marketplace.name);
      this.#logger.warn(
        `sso.homeUrl is no page on the origins of "${marketplace.name}": people land on "/". Name its origin in sso.returnToOrigins.`,
      );
    }
    return home ?? `${mountPath(marketplace)}/`;
  }
}

/** Below which path the application is reached: `/shop` for `https://example.com/shop`; empty for most. */
function mountPath({ sso }: Marketplace): string {
  return new URL(sso.idm).pathname.replace(/\/+$/, '');
}

/** A path means one of the application's, which may not know below which path it is reached. */
function withinMount(url: URL, address: string, marketplace: Marketplace): URL {
  const mount = mountPath(marketplace);
  if (mount === '' || !address.startsWith('/')) return url;
  if (url.pathname === mount || url.pathname.startsWith(`${mount}/`)) return url;
  url.pathname = mount + url.pathname;
  return url;
}

/** Whether a router may take the path for this one: it overlooks the case and a slash at the end, and decodes. */
function isPathOf(template: string, { pathname }: URL): boolean {
  return spelledAlike(pathname) === spelledAlike(template.split('?')[0] ?? '');
}

function spelledAlike(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') end -= 1;
  const decoded = path.slice(0, end).replace(/%[0-7][0-9a-f]/gi, decodeURIComponent);
  return decoded.toLowerCase();
}

import { Inject, Injectable, Logger } from '@nestjs/common';

import { ConfigurationError } from '../../errors/configuration.error.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { WithSignOnOptions } from '../../interfaces/sign-on-options.interface.js';
import { MAESTRANO_OPTIONS } from '../../maestrano.constants.js';

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
  readonly #origins: readonly string[];
  readonly #home: string;
  /** Marketplaces whose people cannot be sent home, of which the log has a line. */
  readonly #homeless = new Set<string>();

  /** @throws ConfigurationError (`configuration.options`) for an origin that is none. */
  constructor(@Inject(MAESTRANO_OPTIONS) { sso = {} }: WithSignOnOptions) {
    this.#origins = (sso.returnToOrigins ?? []).map(originOf);
    this.#home = sso.homeUrl ?? '/';
  }

  /**
   * The address in the form it is redirected to: a path on the origin that people sign in on, else a full URL. Null
   * when there is none, when it leads elsewhere, and for the SSO paths themselves, which would go round in circles.
   */
  parse(address: unknown, marketplace: Marketplace): string | null {
    if (typeof address !== 'string' || address.length > MAX_LENGTH) return null;
    if (!PATH_OR_URL.test(address) || FORBIDDEN.test(address)) return null;
    const { app, sso } = marketplace;
    if (!URL.canParse(address, app.host)) return null;
    const url = new URL(address, app.host);
    const here = new URL(sso.idm).origin;
    if (![here, new URL(app.host).origin, ...this.#origins].includes(url.origin)) return null;
    if (url.username !== '' || url.password !== '') return null;
    const path = url.pathname + url.search + url.hash;
    // "/.//evil.example" is a path to us, and would be a host to the browser once it stands alone.
    if (path.startsWith('//')) return null;
    if (isPathOf(sso.initPath, url) || isPathOf(sso.consumePath, url)) return null;
    return url.origin === here ? path : url.href;
  }

  /** Where people land who came from nowhere in particular. */
  home(marketplace: Marketplace): string {
    const home = this.parse(this.#home, marketplace);
    if (home === null && !this.#homeless.has(marketplace.name)) {
      this.#homeless.add(marketplace.name);
      this.#logger.warn(
        `sso.homeUrl is no page on the origins of "${marketplace.name}": people land on "/". Name its origin in sso.returnToOrigins.`,
      );
    }
    return home ?? '/';
  }
}

/** Without a scheme `admin.example.com:8443` reads as a URL too, with an origin that nothing ever has. */
function originOf(text: string): string {
  if (PATH_OR_URL.test(text) && URL.canParse(text)) return new URL(text).origin;
  throw new ConfigurationError('configuration.options', {
    message: `sso.returnToOrigins holds "${text}", which is no origin.`,
    remedy: 'Write it as https://admin.example.com.',
  });
}

function isPathOf(template: string, { pathname }: URL): boolean {
  return pathname === template.split('?')[0];
}

import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { SsoSettings } from '../settings/maestrano-settings.js';
import { SSO_SETTINGS } from '../settings/settings.providers.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { initUrl, logoutUrl, unauthorizedUrl } from '../marketplace/marketplace-urls.js';
import { HttpExchange } from '../routing/http-exchange.js';
import { type IncomingRequest } from '../utils/incoming-request.js';
import { SessionService } from '../session/session.service.js';
import { maskUser, unmaskUser } from '../utils/platform-identifier.js';
import { LoginExplainer } from './trace/login-explainer.service.js';

/** How a login is begun. */
export interface LoginLinkOptions {
  /** Path or URL on the application's own origins to return to. */
  readonly returnTo?: string;
  /** Company to log in with, for people who have several (`cld-…`). */
  readonly groupId?: string;
}

/** SSO for the application's own code: addresses, signing out, explanations, identifiers (protocol §4.2, §4.10, §4.12). */
@Injectable()
export class SsoService implements OnApplicationBootstrap {
  readonly #logger = new Logger('MaestranoSso');

  constructor(
    private readonly registry: MarketplaceRegistry,
    private readonly sessions: SessionService,
    private readonly explainer: LoginExplainer,
    private readonly host: HttpAdapterHost,
    @Inject(SSO_SETTINGS) private readonly settings: SsoSettings,
  ) {}

  /** A marketplace that is spelt wrong would get the general policy without anybody noticing. */
  onApplicationBootstrap(): void {
    const { marketplaces } = this.registry.snapshot;
    for (const name of this.settings.perMarketplace.keys()) {
      if (marketplaces.has(name)) continue;
      const known = [...marketplaces.keys()].slice(0, 10).join(', ');
      this.#logger.warn(
        `sso.perMarketplace names "${name}", which is none of the marketplaces (${known}): its settings hold for nobody yet.`,
      );
    }
  }

  /**
   * Where a login begins: for links and redirects of the application.
   *
   * @param marketplace the default one when left out.
   * @throws MaestranoUnknownMarketplaceError
   */
  initUrl(marketplace?: string | Marketplace, { returnTo, groupId }: LoginLinkOptions = {}): string {
    return initUrl(this.registry.resolve(marketplace), {
      group_id: groupId ?? null,
      return_to: returnTo ?? null,
    });
  }

  /**
   * The marketplace's page that ends the person's session there (protocol §4.12).
   *
   * @param userUid as in the session; a masked one does as well.
   */
  logoutUrl(marketplace?: string | Marketplace, userUid?: string): string {
    return logoutUrl(
      this.registry.resolve(marketplace),
      userUid === undefined ? undefined : unmaskUser(userUid),
    );
  }

  /** The marketplace's page for people whom the application does not let in (protocol §4.12). */
  unauthorizedUrl(marketplace?: string | Marketplace): string {
    return unauthorizedUrl(this.registry.resolve(marketplace));
  }

  /**
   * Signs the person out of the application: ends the session in this browser and calls the session adapter.
   *
   * @param request the HTTP adapter's request.
   * @param response the HTTP adapter's response; on Nest inject it with `{ passthrough: true }`.
   * @param marketplace only the session of this one; by default all of this browser.
   * @returns where to redirect to, to sign out of the marketplace too; null when nobody was signed in.
   */
  async signOut(request: unknown, response: unknown, marketplace?: string): Promise<string | null> {
    const exchange = new HttpExchange(this.host.httpAdapter, request as IncomingRequest, response);
    const session = await this.sessions.read(exchange.request, marketplace);
    await this.sessions.clear(exchange, marketplace);
    return session && this.logoutUrl(session.marketplace, session.userUid);
  }

  /** In plain words what became of the login with this short code, and what to do; null when nothing is known of it. */
  explain(traceCode: string): Promise<string | null> {
    return this.explainer.explain(traceCode);
  }

  /** The identifier that the application stores for a user of the platform (protocol §4.10). */
  maskUser(userUid: string, groupUid: string, marketplace?: string | Marketplace): string {
    return maskUser(userUid, groupUid, this.registry.resolve(marketplace).sso.creationMode);
  }

  /** The platform's identifier behind one that the application stores (protocol §4.10). */
  unmaskUser(userUid: string): string {
    return unmaskUser(userUid);
  }
}

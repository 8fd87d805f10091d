import { All, Controller, Get, Inject, Param, Res } from '@nestjs/common';

import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { MarketplaceFinder } from '../platform/marketplace-finder.js';
import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import type { SandboxMarketplaceRecord } from '../state/records.js';
import { PAGE_HEADERS } from '../pages/page.decorator.js';
import { LEAVING_POLICY } from '../../views/layout.js';
import { LoginPages } from '../pages/login-pages.service.js';
import { openIdFields, OpenIdProviderService, type OpenIdOutcome } from './openid-provider.service.js';
import { serverXrds, userXrds } from './xrds.js';

interface Reply {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

const XRDS = 'application/xrds+xml; charset=utf-8';

/** OpenID 2.0 over HTTP (protocol §5). */
@Controller('api/openid/provider')
export class OpenIdController {
  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly marketplaces: MarketplaceFinder,
    private readonly provider: OpenIdProviderService,
    private readonly pages: LoginPages,
  ) {}

  @Get(':app/users/:uid')
  user(
    @Exchange() exchange: SandboxExchange,
    @Param('app') app: string,
    @Res({ passthrough: true }) reply: Reply,
  ): string {
    const marketplace = this.marketplaces.byApiId(app);
    if (!marketplace) return this.#redirect(reply, `${this.options.url}/app_access_unauthorized`);
    reply.header('content-type', XRDS);
    reply.header('x-xrds-location', `${this.options.url}${exchange.path.replace(/\.xrds$/, '')}.xrds`);
    return userXrds(this.provider.endpoint(marketplace));
  }

  @All(':app')
  handle(
    @Exchange() exchange: SandboxExchange,
    @Param('app') app: string,
    @Res({ passthrough: true }) reply: Reply,
  ): string {
    const marketplace = this.marketplaces.byApiId(app.replace(/\.xrds$/, ''));
    if (!marketplace) return this.#redirect(reply, `${this.options.url}/app_access_unauthorized`);
    exchange.marketplace = marketplace.name;
    const fields = openIdFields(exchange);
    if (fields.size === 0) {
      reply.header('content-type', XRDS);
      return serverXrds(this.provider.endpoint(marketplace));
    }
    const direct = this.provider.direct(fields);
    // OpenID 2.0, section 5.1.2.2: what cannot be done is a 400.
    reply.status(direct?.error === undefined ? 200 : 400);
    if (direct) {
      reply.header('content-type', 'text/plain; charset=utf-8');
      return Object.entries(direct)
        .map(([name, value]) => `${name}:${value}\n`)
        .join('');
    }
    if (exchange.method === 'POST') {
      // A form from the application: go on with an address, to which a person's choices can be added.
      const query = new URLSearchParams();
      for (const [name, value] of fields) query.set(`openid.${name}`, value);
      return this.#redirect(reply, `${exchange.path}?${query.toString()}`);
    }
    return this.#show(marketplace, this.provider.login(marketplace, fields, exchange), exchange, reply);
  }

  #show(
    marketplace: SandboxMarketplaceRecord,
    outcome: OpenIdOutcome,
    exchange: SandboxExchange,
    reply: Reply,
  ): string {
    if (outcome.kind === 'redirect') return this.#redirect(reply, outcome.url);
    if (outcome.kind === 'malformed') {
      reply.status(500);
      reply.header('content-type', 'text/plain; charset=utf-8');
      return `Invalid OpenID request: ${outcome.message}`;
    }
    for (const [name, value] of Object.entries(PAGE_HEADERS)) reply.header(name, value);
    if (outcome.kind === 'choose-user')
      return this.pages.chooseUser(marketplace.name, outcome.users, exchange);
    if (outcome.kind === 'choose-group') return this.pages.chooseGroup(outcome, exchange);
    reply.header('content-security-policy', LEAVING_POLICY);
    return this.pages.postForm(outcome.action, outcome.fields);
  }

  #redirect(reply: Reply, url: string): string {
    reply.status(302);
    reply.header('location', url);
    return '';
  }
}

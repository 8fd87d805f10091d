import { Controller, Get, Header } from '@nestjs/common';
import { MarketplaceRegistry, SsoService } from 'nestjs-maestrano';

import { html } from './html.js';
import { page, STYLE } from './page.js';

/** What everybody sees. */
@Controller()
export class HomeController {
  constructor(
    private readonly marketplaces: MarketplaceRegistry,
    private readonly sso: SsoService,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  home(): string {
    const links = this.marketplaces.list().map(({ name }) => {
      const href = this.sso.initUrl(name, { returnTo: '/desks' });
      return html`<a class="button" href="${href}">Sign in with ${name}</a> `;
    });
    return page(
      'A desk for tomorrow',
      html`<div class="hero">
        <h1>A desk for tomorrow, in two clicks.</h1>
        <p class="lead">
          See who is in the office and take a seat beside them. Your company pays for desks that were used,
          with everything else that it has from its marketplace.
        </p>
        <p class="row">${links}</p>
      </div>`,
    );
  }

  @Get('style.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  @Header('Cache-Control', 'max-age=3600')
  style(): string {
    return STYLE;
  }
}

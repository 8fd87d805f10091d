import { Controller, Get, Header } from '@nestjs/common';
import { MarketplaceRegistry, SsoService } from 'nestjs-maestrano';

import { escape, page } from './html.js';

/** The public front page. */
@Controller()
export class HomeController {
  constructor(
    private readonly marketplaces: MarketplaceRegistry,
    private readonly sso: SsoService,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  home(): string {
    const buttons = this.marketplaces
      .list()
      .map(({ name }) => {
        const href = this.sso.initUrl(name, { returnTo: '/dashboard' });
        return `<a class="button" href="${escape(href)}">Sign in with ${escape(name)}</a>`;
      })
      .join('\n');
    return page(
      'Welcome',
      `<h1>Time well kept</h1>
<p class="muted">Timesheets for small companies. Sign in through the marketplace where your company subscribed.</p>
<p>${buttons}</p>`,
    );
  }
}

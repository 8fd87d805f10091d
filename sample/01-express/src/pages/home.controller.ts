import { Controller, Get, Header } from '@nestjs/common';
import { MarketplaceRegistry, SsoService } from 'nestjs-maestrano';

import { html, page, PAGE_POLICY } from './html.js';
import { STYLESHEET } from './stylesheet.js';

/** The public front page. */
@Controller()
export class HomeController {
  constructor(
    private readonly marketplaces: MarketplaceRegistry,
    private readonly sso: SsoService,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', PAGE_POLICY)
  home(): string {
    const buttons = this.marketplaces.list().map(({ name }, index) => {
      const href = this.sso.initUrl(name, { returnTo: '/dashboard' });
      return html`<a class="button ${index === 0 ? 'primary' : ''}" href="${href}">Sign in with ${name}</a> `;
    });
    return page(
      'Hours, ready for the bill',
      html`<div class="hero">
          <div>
            <h1>Hours, ready for the bill</h1>
            <p class="lead">
              Timesheets for workshops and small offices. Your people and your company come from the
              marketplace where you subscribed.
            </p>
            <p class="actions">${buttons}</p>
            <p class="soft">No password to remember: your marketplace signs you in.</p>
          </div>
          <section class="card">
            <h2>What it costs</h2>
            <p class="big">20.00 AUD</p>
            <p class="soft">
              for 100 text messages that remind your people to write their hours down. On your marketplace's
              invoice; there is nothing to enter here.
            </p>
          </section>
        </div>
        <ul class="grid">
          <li class="card">
            <h2>Everybody is there already</h2>
            <p>Whom you give access at the marketplace can sign in. Who leaves there is out here at once.</p>
          </li>
          <li class="card">
            <h2>Two fields a day</h2>
            <p>For whom, and how long. The week adds itself up.</p>
          </li>
          <li class="card">
            <h2>Leave when you like</h2>
            <p>Cancel at the marketplace, and what we know of you is deleted.</p>
          </li>
        </ul>`,
    );
  }

  @Get('timesheets.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  stylesheet(): string {
    return STYLESHEET;
  }
}

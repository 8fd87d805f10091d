import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { MarketplaceRegistry, SsoService } from 'nestjs-maestrano';

import { html, page, PAGE_POLICY } from './html.js';
import { STYLESHEET } from './stylesheet.js';

/** The public front page. */
@ApiExcludeController()
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
      const href = this.sso.initUrl(name, { returnTo: '/desk' });
      return html`<a class="button ${index === 0 ? 'primary' : ''}" href="${href}">Sign in with ${name}</a> `;
    });
    return page(
      'Paid sooner, without a call',
      html`<div class="hero">
          <div>
            <h1>Paid sooner, without a call</h1>
            <p class="lead">
              A friendly reminder for every invoice that waits. Your invoices come from the books you keep
              already.
            </p>
            <p class="actions">${buttons}</p>
            <p class="soft">No password to remember: your marketplace signs you in.</p>
          </div>
          <section class="card">
            <h2>What it costs</h2>
            <p class="big">0.50 AUD</p>
            <p class="soft">
              for each reminder, on your marketplace's invoice. No reminder, no bill; and never two for one
              invoice on one day.
            </p>
          </section>
        </div>
        <ul class="grid">
          <li class="card">
            <h2>Nothing to type</h2>
            <p>
              What you invoice anywhere else is here a moment later, and gone from the list once it is paid.
            </p>
          </li>
          <li class="card">
            <h2>One click each</h2>
            <p>You see who waits for how much, and send the reminder. The rest is ours.</p>
          </li>
          <li class="card">
            <h2>Leave when you like</h2>
            <p>Cancel at the marketplace, and what we know of you is deleted.</p>
          </li>
        </ul>`,
    );
  }

  @Get('reminders.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  stylesheet(): string {
    return STYLESHEET;
  }
}

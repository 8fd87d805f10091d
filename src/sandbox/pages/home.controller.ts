import { Controller, Post, Query, Redirect, UseGuards } from '@nestjs/common';

import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { SandboxState } from '../state/sandbox-state.js';
import { html } from '../../views/html.js';
import { action } from '../../views/form.js';
import { sandboxPage } from './sandbox-page.js';
import { SandboxWebhooks } from '../webhooks/sandbox-webhooks.js';
import { type Back, back } from './back.js';
import { Form, type FormFields } from './form.decorator.js';
import { Page } from './page.decorator.js';
import { SameOriginGuard } from './same-origin.guard.js';
import { SandboxAddress } from './sandbox-address.js';

/** The front page: five steps from nothing to an application that works with a marketplace. */
@Controller()
@UseGuards(SameOriginGuard)
export class HomeController {
  constructor(
    private readonly state: SandboxState,
    private readonly address: SandboxAddress,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly webhooks: SandboxWebhooks,
  ) {}

  @Page('/')
  home(@Query('done') done?: string): string {
    const { apiKey, apiSecret } = this.state.environment;
    const variables = [
      `MNO_DEVPL_HOST=${this.address.url}`,
      'MNO_DEVPL_API_PATH=/api/config/v1/marketplaces',
      `MNO_DEVPL_ENV_KEY=${apiKey}`,
      `MNO_DEVPL_ENV_SECRET=${apiSecret}`,
    ].join('\n');
    const [first] = this.marketplaces.list();
    const group = first && this.state.groupsOf(first.name).find(({ status }) => status === 'running');
    return sandboxPage({
      title: 'A marketplace on this machine',
      lead: 'Everything a Maestrano marketplace does with your application, with no account and no network.',
      active: '/',
      notice: done ?? null,
      body: html`
        <form method="post" action="/app" class="row">
          <label
            >Address of your application<input name="url" type="url" required value="${this.state.appUrl}"
          /></label>
          <button>Save</button>
        </form>
        <h2>Five steps</h2>
        <ol class="steps">
          <li>
            <h3>Copy the configuration</h3>
            Start your application with the official variables:
            <pre tabindex="0" aria-label="Environment variables">${variables}</pre>
          </li>
          <li>
            <h3>Check your metadata</h3>
            Read your application's metadata and compare it with
            <a href="/marketplaces">what the marketplace has</a>.
          </li>
          <li>
            <h3>Sign in as somebody</h3>
            ${this.marketplaces
              .list()
              .filter(({ removed }) => !removed)
              .map(
                ({ name, paths }) =>
                  html`<a class="button" href="${this.state.appUrl}${paths.init}">Launch from ${name}</a> `,
              )}
          </li>
          <li>
            <h3>Cancel a group</h3>
            A company stops using your application; your DELETE webhook is called.
            ${
              first && group
                ? html`<p>
                    ${action('/cancel', `Cancel ${group.name}`, { marketplace: first.name, group: group.uid }, 'danger')}
                  </p>`
                : html`<p class="muted">No company is left.</p>`
            }
          </li>
          <li>
            <h3>Push an invoice</h3>
            Somebody changes an invoice elsewhere; your notification path is called.
            ${
              first && group
                ? html`<p>
                    ${action('/push', 'Push an invoice', { marketplace: first.name, group: group.uid })}
                  </p>`
                : ''
            }
          </li>
        </ol>
      `,
    });
  }

  @Post('app')
  @Redirect()
  setApp(@Form() form: FormFields): Back {
    const url = form['url'] ?? '';
    if (!URL.canParse(url)) return back('/', `"${url}" is no address. Write it like http://localhost:3000.`);
    this.state.appUrl = url.replace(/\/+$/, '');
    return back('/', `The application is at ${this.state.appUrl}.`);
  }

  @Post('cancel')
  @Redirect()
  async cancel(@Form() { group = '', marketplace = '' }: FormFields): Promise<Back> {
    const [delivery] = await this.webhooks.deleteGroup(group, { marketplace });
    return back('/webhooks', `DELETE group ${group}: ${delivery?.status ?? delivery?.error ?? 'not sent'}.`);
  }

  @Post('push')
  @Redirect()
  async push(@Form() { group = '', marketplace = '' }: FormFields): Promise<Back> {
    const now = new Date().toISOString();
    const invoice = {
      id: crypto.randomUUID(),
      group_id: group,
      resource_type: 'invoices',
      code: `INV-${this.state.nextId('pushed')}`,
      status: 'SUBMITTED',
      type: 'CUSTOMER',
      updated_at: now,
      created_at: now,
      amount: { total_amount: 120, currency: 'AUD' },
    };
    const [delivery] = await this.webhooks.notify({ invoices: [invoice] }, { marketplace });
    return back(
      '/webhooks',
      `Invoice ${invoice.code}: ${delivery?.status ?? delivery?.error ?? 'not sent'}.`,
    );
  }
}

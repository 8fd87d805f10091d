import { Controller, Param, Post, Query, Redirect, UseGuards } from '@nestjs/common';

import { isRecord } from '../../utils/values.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { html, type Html } from '../../views/html.js';
import { action, options } from '../../views/form.js';
import { table } from '../../views/table.js';
import { sandboxPage } from './sandbox-page.js';
import type { Delivery, DeliveryCredentials, DeliveryOptions } from '../webhooks/delivery.js';
import { SandboxWebhooks } from '../webhooks/sandbox-webhooks.js';
import { type Back, back } from './back.js';
import { Form, type FormFields } from './form.decorator.js';
import { Page } from './page.decorator.js';
import { SameOriginGuard } from './same-origin.guard.js';

/** Deliveries shown. */
const SHOWN = 50;
const EXAMPLE = JSON.stringify(
  { organizations: [{ id: 'e32303c1-0000-4000-8000-600308937d74', group_id: 'cld-1', name: 'DoeCorp' }] },
  null,
  2,
);

/** Sends what the platform sends, well and badly, and keeps every response. */
@Controller('webhooks')
@UseGuards(SameOriginGuard)
export class WebhooksController {
  constructor(
    private readonly marketplaces: MarketplaceAdmin,
    private readonly webhooks: SandboxWebhooks,
  ) {}

  @Page('/')
  list(@Query('done') done?: string): string {
    const rows = [...this.webhooks.deliveries]
      .reverse()
      .slice(0, SHOWN)
      .map((delivery) => this.#row(delivery));
    return sandboxPage({
      title: 'Webhooks',
      lead: 'What the marketplace calls on your application. Repeat, burst, and try wrong credentials.',
      active: '/webhooks',
      notice: done ?? null,
      body: html`<div class="cards">
          <section class="card">
            <h3>A company cancels</h3>
            ${this.#form('group', html`<label>Group<input name="group" value="cld-1" required /></label>`)}
          </section>
          <section class="card">
            <h3>A person leaves</h3>
            ${this.#form('group-user', html`<label>Group<input name="group" value="cld-1" required /></label><label>Person<input name="user" value="usr-2" required /></label>`)}
          </section>
          <section class="card">
            <h3>Data changed</h3>
            ${this.#form('notification', html`<label>Entities<textarea name="body" required>${EXAMPLE}</textarea></label>`)}
          </section>
        </div>
        <h2>Deliveries</h2>
        ${table('Deliveries', ['When', 'Request', 'Response', 'Time', 'Action'], rows, 'Nothing has been sent yet.')}`,
    });
  }

  @Post('send')
  @Redirect()
  async send(@Form() form: FormFields): Promise<Back> {
    const { kind, group = '', user = '', body = '' } = form;
    const how = deliveryOptions(form);
    let deliveries: readonly Delivery[];
    if (kind === 'group') deliveries = await this.webhooks.deleteGroup(group, how);
    else if (kind === 'group-user') deliveries = await this.webhooks.deleteGroupUser(group, user, how);
    else {
      const entities = parse(body);
      if (!entities) return back('/webhooks', 'The entities are no JSON object; nothing was sent.');
      deliveries = await this.webhooks.notify(entities, how);
    }
    return back(
      '/webhooks',
      `Response: ${deliveries.map(({ status, error }) => status ?? error).join(', ')}.`,
    );
  }

  @Post(':id/resend')
  @Redirect()
  async resend(@Param('id') id: string): Promise<Back> {
    const { status, error } = await this.webhooks.resend(id);
    return back('/webhooks', `Sent once more: ${status ?? error}.`);
  }

  #form(kind: string, fields: Html): Html {
    return html`<form method="post" action="/webhooks/send">
      <input type="hidden" name="kind" value="${kind}" />
      <div class="row">
        ${fields}
        <label
          >Marketplace<select name="marketplace">
            ${options(this.marketplaces.list().map(({ name }) => name))}
          </select></label
        >
        <label
          >Times<input name="times" type="number" min="1" max="50" value="1" style="width: 5rem"
        /></label>
        <label
          >Credentials<select name="credentials">
            ${options(['valid', 'old', 'wrong', 'none'])}
          </select></label
        >
        <label
          >At once<select name="burst">
            ${options([
              ['', 'no'],
              ['on', 'yes'],
            ])}
          </select></label
        >
        <button>Send</button>
      </div>
    </form>`;
  }

  #row(delivery: Delivery): Html {
    const good = delivery.status !== null && delivery.status < 300;
    return html`<tr>
      <td>${delivery.at}<br /><span class="muted">${delivery.marketplace}</span></td>
      <td>
        <details>
          <summary>${delivery.method} ${new URL(delivery.url).pathname}</summary>
          <pre>${this.webhooks.curl(delivery.id)}</pre>
        </details>
      </td>
      <td>
        <details>
          <summary>
            <strong class="${good ? 'good' : 'bad'}"
              >${delivery.status ?? delivery.error ?? 'no response'}</strong
            >
          </summary>
          <pre>${delivery.responseBody}</pre>
        </details>
      </td>
      <td class="number">${Math.round(delivery.durationMs)} ms</td>
      <td>${action(`/webhooks/${delivery.id}/resend`, 'Resend')}</td>
    </tr>`;
  }
}

function deliveryOptions(form: FormFields): DeliveryOptions {
  const { marketplace, times, credentials, burst } = form;
  return {
    ...(marketplace ? { marketplace } : {}),
    times: Math.min(50, Math.max(1, Number(times) || 1)),
    burst: Boolean(burst),
    credentials: (credentials ?? 'valid') as Exclude<DeliveryCredentials, object>,
  };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

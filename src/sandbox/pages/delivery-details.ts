import { Injectable } from '@nestjs/common';

import { at, duration } from '../../views/format.js';
import { hiddenField, select } from '../../views/form.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import { code, json, pill, timeline, type Tone } from '../../views/parts.js';
import { maskHeaders } from '../journal/mask.js';
import type { Delivery } from '../webhooks/delivery.js';
import { PlannedDeliveries } from '../webhooks/planned-deliveries.js';
import { WebhookSender } from '../webhooks/webhook-sender.js';
import { link } from './back.js';
import { deliveryTitle, deliveryTone, isFailed } from './delivery-look.js';
import { PageToken } from './page-token.js';
import { SandboxPages } from './sandbox-pages.js';

/** When a delivery may be sent again, by the sandbox's clock. */
export const LATER = [
  ['1m', 'In a minute'],
  ['5m', 'In 5 minutes'],
  ['30m', 'In 30 minutes'],
  ['1h', 'In an hour'],
  ['1d', 'In a day'],
] as const;

const ORDINALS = ['First', 'Second', 'Third', 'Fourth', 'Fifth', 'Sixth', 'Seventh', 'Eighth', 'Ninth'];

/** One delivery opened: what came of it, the attempts made and planned, response and request. */
@Injectable()
export class DeliveryDetails {
  constructor(
    private readonly sender: WebhookSender,
    private readonly planned: PlannedDeliveries,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  /** The delivery as an article. */
  of(delivery: Delivery): Html {
    const masked = headerLines(maskHeaders(delivery.headers));
    return html`<article class="card ${deliveryTone(delivery) === 'bad' ? 'bad' : ''}">
      <header>
        <h2>${deliveryTitle(delivery)}</h2>
        ${pill(deliveryTone(delivery), delivery.status ?? 'no response')}
      </header>
      <p>${this.#outcome(delivery)}</p>
      <div class="actions">
        ${this.token.action('/webhooks/resend', 'Send again now', { id: delivery.id }, { kind: 'primary' })}
        ${delivery.kind === 'notification' ? html`<a class="button" href="${link('/compose', { event: 'own', from: delivery.id })}">Edit and send…</a>` : ''}
      </div>
      <h3>Attempts</h3>
      ${this.#attempts(delivery)} ${this.#later(delivery)}
      <h3>Response</h3>
      ${code('response-head', 'Response head', `${delivery.status ?? 'none'}\n${headerLines(delivery.responseHeaders)}`)}
      ${delivery.responseBody ? json('response-body', 'Response body', delivery.responseBody) : ''}
      <h3>Request</h3>
      ${code('request-head', 'Request head', `${delivery.method} ${delivery.url}\n${masked}`)}
      ${delivery.body ? json('request-body', 'Request body', delivery.body) : ''}
      <details>
        <summary>As a command, credentials included</summary>
        ${code('curl', 'Command', this.sender.curl(delivery.id))}
      </details>
    </article>`;
  }

  #outcome(delivery: Delivery): HtmlValue {
    const [next] = this.planned.of(rootOf(delivery));
    const goesOn = next ? html` Next attempt: ${this.pages.when(moment(next.at))}` : '';
    if (!isFailed(delivery))
      return html`Your application took it within ${duration(delivery.durationMs)}.${goesOn}`;
    return delivery.error
      ? html`Your application did not respond: ${delivery.error}.${goesOn}`
      : html`Your application did not take it.${goesOn}`;
  }

  /** Newest first: those that are planned, then those that were made. */
  #attempts(delivery: Delivery): Html {
    const root = rootOf(delivery);
    const made = this.sender.deliveries.filter(({ id, repeats }) => id === root || repeats === root);
    const planned = this.planned.of(root);
    return timeline([
      ...planned
        .map((one, index): readonly [Tone, HtmlValue, HtmlValue] => [
          'info',
          html`<b>${ordinal(made.length + index)}</b> ${at(moment(one.at))}
            <span class="soft">planned, ${this.pages.when(moment(one.at))}</span>`,
          this.token.action(
            '/webhooks/cancel',
            'Take it back',
            { plan: one.id, id: delivery.id },
            { mini: true },
          ),
        ])
        .toReversed(),
      ...made
        .map((one, index): readonly [Tone, HtmlValue] => [
          deliveryTone(one),
          html`<b>${ordinal(index)}</b> ${at(one.at)} · ${one.status ?? 'no response'} after
            ${duration(one.durationMs)}`,
        ])
        .toReversed(),
    ]);
  }

  #later(delivery: Delivery): Html {
    const [next] = this.planned.of(rootOf(delivery));
    const wait = next ? next.at - this.pages.now : 0;
    return html`${this.token.form(
      '/webhooks/plan',
      html`${hiddenField('id', delivery.id)}${select('Once more', 'after', LATER)}<button>Plan it</button>`,
      { cls: 'filters' },
    )}
    ${
      wait > 0
        ? this.token.action('/faults/clock', 'Move the clock to the next attempt', {
            by: `${Math.ceil(wait)}ms`,
            to: '/webhooks',
          })
        : ''
    }`;
  }
}

/** The delivery that all attempts are attempts of. */
function rootOf({ id, repeats }: Delivery): string {
  return repeats ?? id;
}

function ordinal(index: number): string {
  return ORDINALS[index] ?? `Attempt ${index + 1}`;
}

function moment(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function headerLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

import { Injectable } from '@nestjs/common';

import { difference, pairLines } from '../../views/diff.js';
import { at, duration } from '../../views/format.js';
import { hiddenField, select } from '../../views/form.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import { code, json, pill, prettyJson, tabs, timeline, type Tone } from '../../views/parts.js';
import type { SandboxExchange } from '../http/exchange.js';
import { maskHeaders } from '../journal/mask.js';
import type { Delivery } from '../webhooks/delivery.js';
import { PlannedDeliveries } from '../webhooks/planned-deliveries.js';
import { WebhookSender } from '../webhooks/webhook-sender.js';
import { link } from './back.js';
import { deliveryTitle, deliveryTone, isFailed } from './delivery-look.js';
import { PageToken } from './page-token.js';
import { narrowed } from './paging.js';
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

/** What can be looked at of an attempt. */
const PARTS = {
  response: 'Response',
  request: 'Request',
  headers: 'Headers',
  difference: 'Difference to the first',
} as const;
type Part = keyof typeof PARTS;

/** One delivery opened: what came of it, the attempts made and planned, and of this one what the address asks for. */
@Injectable()
export class DeliveryDetails {
  constructor(
    private readonly sender: WebhookSender,
    private readonly planned: PlannedDeliveries,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  /** The delivery as an article, on the page of an address. */
  of(delivery: Delivery, exchange: Pick<SandboxExchange, 'path' | 'query'>): Html {
    const first = this.sender.deliveries.find(({ id }) => id === delivery.repeats);
    const parts = (Object.keys(PARTS) as Part[]).filter((part) => part !== 'difference' || first);
    const part = parts.find((one) => one === exchange.query.get('part')) ?? 'response';
    const items = parts.map((one) => {
      const href = narrowed(exchange, { open: delivery.id, part: one === 'response' ? null : one });
      return [PARTS[one], href, one === part] as const;
    });
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
      ${this.#attempts(delivery, exchange)} ${this.#later(delivery)} ${tabs('Parts of the attempt', items)}
      ${part === 'difference' && first ? differences(first, delivery) : this.#part(part, delivery)}
    </article>`;
  }

  #part(part: Part, delivery: Delivery): Html {
    if (part === 'headers')
      return html`<h3>Sent</h3>
        ${code('request-headers', 'Headers sent', headerLines(maskHeaders(delivery.headers)))}
        <h3>Responded</h3>
        ${code('response-headers', 'Headers of the response', headerLines(delivery.responseHeaders) || 'None')}`;
    if (part === 'request')
      return html`${code('request-line', 'Request', `${delivery.method} ${delivery.url}`)}
        ${delivery.body ? json('request-body', 'Request body', delivery.body) : html`<p class="soft">It has no body.</p>`}
        <details>
          <summary>As a command, credentials included</summary>
          ${code('curl', 'Command', this.sender.curl(delivery.id))}
        </details>`;
    const { status, responseBody } = delivery;
    if (status === null) return html`<p class="soft">There was no response.</p>`;
    return responseBody
      ? json('response-body', 'Response body', responseBody)
      : html`<p class="soft">Status ${status}, without a body.</p>`;
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
  #attempts(delivery: Delivery, exchange: Pick<SandboxExchange, 'path' | 'query'>): Html {
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
          html`${
            one.id === delivery.id
              ? html`<b>${ordinal(index)}</b>`
              : html`<a href="${narrowed(exchange, { open: one.id })}">${ordinal(index)}</a>`
          }
          ${at(one.at)} · ${one.status ?? 'no response'} after ${duration(one.durationMs)}`,
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

/** What an attempt was responded, and was sent, beside the first one. */
function differences(first: Delivery, delivery: Delivery): Html {
  const names = [`First, ${first.at.slice(11, 19)}`, `This one, ${delivery.at.slice(11, 19)}`] as const;
  const compared = (title: string, name: string, textOf: (one: Delivery) => string): Html => {
    const [before, after] = [textOf(first), textOf(delivery)];
    return html`<h3>${title}</h3>
      ${
        before === after
          ? html`<p class="soft">The same ${name}.</p>`
          : difference(...names, pairLines(before, after))
      }`;
  };
  return html`${compared('Response', 'response', responseText)}${compared('Request', 'request', requestText)}`;
}

function responseText({ status, error, responseHeaders, responseBody }: Delivery): string {
  if (status === null) return `No response: ${error}`;
  return [status, headerLines(responseHeaders), '', prettyJson(responseBody) ?? responseBody].join('\n');
}

function requestText({ method, url, headers, body }: Delivery): string {
  return [`${method} ${url}`, headerLines(maskHeaders(headers)), '', prettyJson(body ?? '') ?? body].join(
    '\n',
  );
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

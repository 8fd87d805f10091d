import { Get, Header, Post, Redirect } from '@nestjs/common';

import { count, exactTime, number } from '../../views/format.js';
import { chips, filters, select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { card, empty, rows } from '../../views/parts.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { milliseconds } from '../clock/duration.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { maskHeaders } from '../journal/mask.js';
import type { Delivery } from '../webhooks/delivery.js';
import { PlannedDeliveries } from '../webhooks/planned-deliveries.js';
import { WebhookSender } from '../webhooks/webhook-sender.js';
import { type Back, back, link } from './back.js';
import { deliveriesByHour, responseTimes } from './delivery-charts.js';
import { DeliveryDetails, LATER } from './delivery-details.js';
import { deliveryRow, deliveryTone, isFailed } from './delivery-look.js';
import { Form, type FormFields } from './form.decorator.js';
import { Page, PageController } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { contains, listPage, narrowed } from './paging.js';
import { SandboxPages } from './sandbox-pages.js';

/** Milliseconds from which a response is slow. */
const SLOW_MS = 1_000;
/** Failures that are sent again at once. */
const MAX_AGAIN = 100;
const KINDS: readonly (readonly [Delivery['kind'], string])[] = [
  ['notification', 'Notification'],
  ['group', 'Company removed'],
  ['group-user', 'Person removed'],
  ['initialization', 'Application started'],
  ['synchronization', 'Synchronization'],
];

/** What the marketplace called on the application, and what it responded. */
@PageController('webhooks')
export class WebhooksController {
  constructor(
    private readonly marketplaces: MarketplaceAdmin,
    private readonly sender: WebhookSender,
    private readonly planned: PlannedDeliveries,
    private readonly details: DeliveryDetails,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  @Page('/')
  list(@Exchange() exchange: SandboxExchange): string {
    const { query } = exchange;
    const [text, marketplace, kind] = [
      query.get('q') ?? '',
      query.get('marketplace') ?? '',
      query.get('kind') ?? '',
    ];
    const show = query.get('show');
    const all = this.sender.deliveries.toReversed();
    const found = this.#found(query);
    const file = narrowed({ path: '/webhooks/json', query }, {});
    const failed = found.filter((one) => isFailed(one));
    const slow = found.filter((one) => one.durationMs >= SLOW_MS);
    const shown = chosen(found, show);
    const opened =
      all.find(({ id }) => id === query.get('open')) ?? (query.has('open') ? undefined : failed[0]);
    const open = unrepeated(all);
    return this.pages.render(exchange, {
      title: title(all),
      lead: html`What the marketplace called on your application, and what it responded. ${this.#planned()}`,
      active: '/webhooks',
      live: '/journal/events?part=webhooks',
      actions: html`<a class="button primary" href="/compose">Send an event</a>${
          open.length > 0
            ? html`<a class="button" href="/webhooks/again">Send ${count(open.length, 'failure')} again…</a>`
            : ''
        }`,
      body:
        all.length === 0
          ? html`<div class="card">
              ${empty(
                'box',
                'Nothing has been sent yet',
                'A company cancels, a person leaves, a record changes: your application is told, and you see what it responded.',
                html`<a class="button primary" href="/compose">Send an event</a>`,
              )}
            </div>`
          : html`${
              all.length > 2
                ? html`<div class="two gap over">
                    ${card('By hour', deliveriesByHour(all, this.pages.now))}${card('Time to respond', responseTimes(all))}
                  </div>`
                : ''
            }
            ${filters(
              '/webhooks',
              { label: 'Path, id or text of the body', hint: 'INV-1003, cld-1 …', value: text },
              html`${select('Event', 'kind', [['', 'All'], ...KINDS], kind)}
              ${select('Marketplace', 'marketplace', [['', 'All'], ...this.marketplaces.list().map(({ name }) => name)], marketplace)}`,
              { show: show ?? '' },
            )}
            ${chips(
              'Show',
              [
                {
                  name: 'All',
                  href: narrowed(exchange, { show: null }),
                  on: !show,
                  count: number(found.length),
                },
                {
                  name: 'Failed',
                  href: narrowed(exchange, { show: 'failed' }),
                  on: show === 'failed',
                  count: number(failed.length),
                },
                {
                  name: 'Slow, over 1 s',
                  href: narrowed(exchange, { show: 'slow' }),
                  on: show === 'slow',
                  count: number(slow.length),
                },
              ],
              html`<a href="${file}" download="webhooks.json">As JSON</a>`,
            )}
            ${this.#split(shown, opened, exchange)}`,
    });
  }

  /** What the list shows, credentials masked. */
  @Get('json')
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('content-disposition', 'attachment; filename="webhooks.json"')
  @Header('x-content-type-options', 'nosniff')
  json(@Exchange() { query }: SandboxExchange): string {
    const shown = chosen(this.#found(query), query.get('show'));
    const masked = shown.map((one) => ({
      ...one,
      headers: maskHeaders(one.headers),
      responseHeaders: maskHeaders(one.responseHeaders),
    }));
    return JSON.stringify(masked);
  }

  /** Newest first, whatever came of them. */
  #found(query: URLSearchParams): Delivery[] {
    const [marketplace, kind] = [query.get('marketplace'), query.get('kind')];
    return this.sender.deliveries
      .toReversed()
      .filter(
        (one) =>
          (!marketplace || one.marketplace === marketplace) &&
          (!kind || one.kind === kind) &&
          contains(query.get('q') ?? '', [one.id, one.url, one.body, one.responseBody]),
      );
  }

  @Page('again')
  askAgain(@Exchange() exchange: SandboxExchange): string {
    const open = unrepeated(this.sender.deliveries.toReversed());
    const now = open.slice(0, MAX_AGAIN);
    const form = this.token.form(
      '/webhooks/again',
      html`<h2>Every delivery that failed, and did not go well since</h2>
        <p class="big">${count(now.length, 'delivery', 'deliveries')}</p>
        <p>
          Each goes out once more as it was, oldest first. What your application did take in spite of its
          response arrives twice: it should not matter to it.
        </p>
        <p class="actions">
          <button class="primary">Send ${number(now.length)} again</button
          ><a class="button quiet" href="/webhooks">Leave it</a>
        </p>`,
      { cls: 'card confirm' },
    );
    return this.pages.render(exchange, {
      title: 'Send failures again?',
      active: '/webhooks',
      crumbs: [['Webhooks', '/webhooks']],
      body:
        now.length > 0
          ? form
          : html`<p>No delivery waits to be sent again. <a href="/webhooks">Webhooks</a></p>`,
    });
  }

  @Post('again')
  @Redirect()
  async again(): Promise<Back> {
    const open = unrepeated(this.sender.deliveries.toReversed()).slice(0, MAX_AGAIN).reverse();
    let good = 0;
    for (const { id } of open) if (!isFailed(await this.sender.resend(id))) good++;
    return back(
      '/webhooks',
      `Sent ${number(open.length)} again: ${number(good)} went well, ${number(open.length - good)} failed.`,
      good === open.length ? 'good' : 'bad',
    );
  }

  @Post('resend')
  @Redirect()
  async resend(@Form() { id = '' }: FormFields): Promise<Back> {
    const delivery = await this.sender.resend(id);
    return back(
      link('/webhooks', { open: delivery.id }),
      `Sent once more. Your application responded ${delivery.status ?? `nothing: ${delivery.error}`}.`,
      deliveryTone(delivery),
    );
  }

  /** Plans one more attempt, by the sandbox's clock. */
  @Post('plan')
  @Redirect()
  plan(@Form() { id = '', after = '' }: FormFields): Back {
    const open = link('/webhooks', { open: id });
    const when = LATER.find(([value]) => value === after);
    if (!when) return back(open, 'Choose when.', 'bad');
    const { at } = this.sender.resendLater(id, milliseconds(when[0]));
    return back(open, `It is sent again on ${exactTime(new Date(at).toISOString())}.`);
  }

  @Post('cancel')
  @Redirect()
  cancel(@Form() { id = '', plan = '' }: FormFields): Back {
    const wasThere = this.planned.cancel(plan);
    return back(
      link('/webhooks', { open: id }),
      wasThere ? 'That attempt is not made any more.' : 'That attempt was made already.',
      wasThere ? 'good' : 'warn',
    );
  }

  /** How many attempts wait, and for when. */
  #planned(): Html {
    const all = this.planned.list();
    const [next] = all;
    if (!next) return html``;
    const at = this.pages.when(new Date(next.at).toISOString());
    return html`${count(all.length, 'attempt is', 'attempts are')} planned, the next: ${at}`;
  }

  #split(shown: readonly Delivery[], opened: Delivery | undefined, exchange: SandboxExchange): Html {
    if (shown.length === 0)
      return html`<div class="card">
        ${empty('box', 'Nothing matches', 'No webhook fits what you chose.', html`<a class="button" href="/webhooks">Clear the filter</a>`)}
      </div>`;
    const { items, pager } = listPage(shown, ({ id }) => id, exchange, 'webhook');
    const next = new Map<string, number>();
    for (const { repeats, at } of this.planned.list())
      if (repeats !== null && !next.has(repeats)) next.set(repeats, at);
    const lines = items.map((one) => {
      const at = next.get(one.repeats ?? one.id);
      const note = at === undefined ? '' : html`next ${this.pages.when(new Date(at).toISOString())}`;
      const href = narrowed(exchange, { open: one.id });
      return {
        ...deliveryRow(one, this.pages.when(one.at), href, one === opened, note),
        day: this.pages.day(one.at),
      };
    });
    return html`<div class="split">
      <section class="card flush" aria-label="List of webhooks">
        ${rows(lines, { codes: true })}${pager}
      </section>
      <div class="pane">
        ${exchange.query.has('open') ? html`<p class="backlink"><a href="${narrowed(exchange, {})}">Back to the list</a></p>` : ''}
        ${opened ? this.details.of(opened, exchange) : ''}
      </div>
    </div>`;
  }
}

/** Those that the chip shows. */
function chosen(found: Delivery[], show: string | null): Delivery[] {
  if (show === 'failed') return found.filter((one) => isFailed(one));
  return show === 'slow' ? found.filter((one) => one.durationMs >= SLOW_MS) : found;
}

/** Failures that no later attempt made good, newest first; each parcel once. */
function unrepeated(newestFirst: readonly Delivery[]): Delivery[] {
  const seen = new Set<string>();
  return newestFirst.filter((one) => {
    const root = one.repeats ?? one.id;
    if (seen.has(root)) return false;
    seen.add(root);
    return isFailed(one);
  });
}

function title(all: readonly Delivery[]): string {
  const failed = all.filter((one) => isFailed(one)).length;
  if (all.length === 0) return 'No webhook yet';
  if (failed > 0) return `${number(failed)} of ${count(all.length, 'webhook')} failed`;
  return `${count(all.length, 'webhook')}, all taken`;
}

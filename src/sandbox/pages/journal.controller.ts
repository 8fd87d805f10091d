import { Get, Header, type MessageEvent, NotFoundException, Param, Query, Sse } from '@nestjs/common';
import { filter, map, type Observable } from 'rxjs';

import { at, clock, count, duration, number } from '../../views/format.js';
import { chips, filters, select } from '../../views/form.js';
import { html, type HtmlValue } from '../../views/html.js';
import { card, code, empty, json, keyValues, pill, table, type Tone } from '../../views/parts.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import type { SandboxPart } from '../http/exchange-routes.js';
import { asHar } from '../journal/har.js';
import { isProblem, Journal, type JournalEntry } from '../journal/journal.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { JournalCompanies } from './journal-companies.js';
import { Page, PageController } from './page.decorator.js';
import { contains, listPage, narrowed } from './paging.js';
import { SandboxPages } from './sandbox-pages.js';

/** Milliseconds from which a call is slow. */
const SLOW_MS = 1_000;
const BAD_REQUEST = 400;
const SERVER_ERROR = 500;
const PARTS: readonly (readonly [SandboxPart, string])[] = [
  ['platform', 'Configuration'],
  ['idp', 'Logins'],
  ['openid', 'OpenID'],
  ['account', 'Account'],
  ['connec', 'Connec!'],
  ['webhooks', 'Webhooks'],
];
const DIRECTIONS: readonly (readonly [JournalEntry['direction'], string])[] = [
  ['in', 'Your application'],
  ['out', 'The marketplace'],
];

/** Every exchange of the sandbox with the application. */
@PageController('journal')
export class JournalController {
  constructor(
    private readonly journal: Journal,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly companies: JournalCompanies,
    private readonly pages: SandboxPages,
  ) {}

  @Page('/')
  list(@Exchange() exchange: SandboxExchange): string {
    const { query } = exchange;
    const found = this.#found(query);
    const problems = found.filter((one) => isProblem(one));
    const slow = found.filter((one) => one.durationMs >= SLOW_MS);
    const show = query.get('show');
    const shown = show === 'problems' ? problems : show === 'slow' ? slow : found;
    const har = narrowed({ path: '/journal/har', query }, {});
    return this.pages.render(exchange, {
      title: problems.length > 0 ? `Journal: ${count(problems.length, 'problem')}` : 'Journal',
      lead: 'Every call between your application and the marketplace, both ways, secrets masked.',
      active: '/journal',
      live: '/journal/events',
      body: html`${filters(
        '/journal',
        {
          label: 'Path, status, company or text of a body',
          hint: 'bills, 503, INV-1003 …',
          value: query.get('q') ?? '',
        },
        html`${select('Who called', 'direction', [['', 'Either'], ...DIRECTIONS], query.get('direction') ?? '')}
        ${select('Part', 'part', [['', 'All'], ...PARTS], query.get('part') ?? '')}
        ${select('Marketplace', 'marketplace', [['', 'All'], ...this.marketplaces.list().map(({ name }) => name)], query.get('marketplace') ?? '')}
        ${select('Company', 'company', [['', 'All'], ...this.companies.choices(this.journal.find())], query.get('company') ?? '')}`,
        { show: show ?? '' },
      )}
      ${chips(
        'Show',
        [
          { name: 'All', href: narrowed(exchange, { show: null }), on: !show, count: number(found.length) },
          {
            name: 'Only problems',
            href: narrowed(exchange, { show: 'problems' }),
            on: show === 'problems',
            count: number(problems.length),
          },
          {
            name: 'Slow, over 1 s',
            href: narrowed(exchange, { show: 'slow' }),
            on: show === 'slow',
            count: number(slow.length),
          },
        ],
        html`<a href="${har}" download="sandbox.har">As HAR</a>`,
      )}
      ${
        shown.length === 0
          ? html`<div class="card">
              ${
                this.journal.find().length === 0
                  ? empty(
                      'box',
                      'Nothing has happened yet',
                      'Start your application: its first call fetches the configuration.',
                      html`<a class="button" href="/">How to start it</a>`,
                    )
                  : empty(
                      'box',
                      'Nothing matches',
                      'No call fits what you chose.',
                      html`<a class="button" href="/journal">Clear the filter</a>`,
                    )
              }
            </div>`
          : this.#calls(shown, exchange)
      }`,
    });
  }

  /** Tells of exchanges as they happen: of one part, if it is named. */
  @Sse('events')
  events(@Query('part') part?: string): Observable<MessageEvent> {
    return this.journal.live.pipe(
      filter((entry) => !part || entry.part === part),
      map(({ id, at: moment, direction, method, route, status, marketplace, durationMs }) => ({
        data: { id, at: moment, direction, method, route, status, marketplace, durationMs },
      })),
    );
  }

  /** What the list shows, for the tools that read HTTP archives. */
  @Get('har')
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('content-disposition', 'attachment; filename="sandbox.har"')
  @Header('x-content-type-options', 'nosniff')
  har(@Exchange() { query }: SandboxExchange): string {
    const found = this.#found(query);
    const show = query.get('show');
    const chosen =
      show === 'problems'
        ? found.filter((one) => isProblem(one))
        : show === 'slow'
          ? found.filter((one) => one.durationMs >= SLOW_MS)
          : found;
    return JSON.stringify(asHar(chosen.toReversed()));
  }

  @Page(':id')
  entry(@Exchange() exchange: SandboxExchange, @Param('id') id: string): string {
    const entry = this.journal.get(Number(id));
    if (!entry) throw new NotFoundException();
    const { direction, method, route, url, remarks, fault } = entry;
    return this.pages.render(exchange, {
      title: `${method} ${route}`,
      lead: html`${direction === 'in' ? 'The application called the marketplace' : 'The marketplace called the application'}.`,
      active: '/journal',
      crumbs: [['Journal', '/journal']],
      body: html`${remarks.map((remark) => html`<p class="card warn">${remark}</p>`)}
        ${fault ? html`<p class="card warn">A fault struck it: <code>${fault}</code></p>` : ''}
        <div class="card">
          ${keyValues([
            ['When', at(entry.at)],
            ['Response', pill(tone(entry), entry.status ?? 'none')],
            ['Took', duration(entry.durationMs)],
            ['Marketplace', entry.marketplace ?? 'unknown'],
            ['Company', this.companies.link(entry) || 'none'],
          ])}
        </div>
        <div class="two half">
          ${card(
            'Request',
            html`${code('request-head', 'Request head', `${method} ${url}\n${lines(entry.requestHeaders)}`)}
            ${entry.requestBody ? json('request-body', 'Request body', entry.requestBody) : ''}`,
          )}
          ${card(
            `Response ${entry.status ?? 'none'}`,
            html`${code('response-head', 'Response head', lines(entry.responseHeaders) || 'No headers')}
            ${entry.responseBody ? json('response-body', 'Response body', entry.responseBody) : ''}`,
          )}
        </div>`,
    });
  }

  #found(query: URLSearchParams): JournalEntry[] {
    const [part, direction] = [query.get('part'), query.get('direction')];
    const marketplace = query.get('marketplace');
    const text = query.get('q') ?? '';
    const company = query.get('company');
    return this.journal
      .find({
        ...(PARTS.some(([one]) => one === part) ? { part: part as SandboxPart } : {}),
        ...(direction === 'in' || direction === 'out' ? { direction } : {}),
        ...(marketplace ? { marketplace } : {}),
      })
      .filter((one) => !company || this.companies.keyOf(one) === company)
      .filter((one) =>
        contains(text, [one.url, one.route, String(one.status), one.requestBody, one.responseBody]),
      )
      .reverse();
  }

  #calls(shown: readonly JournalEntry[], exchange: SandboxExchange): HtmlValue {
    const { items, pager } = listPage(shown, ({ id }) => String(id), exchange, 'call');
    const rows = items.map((one): HtmlValue[] => [
      clock(one.at),
      html`<a href="/journal/${one.id}"
        ><code>${one.method} ${one.url.replace(/^https?:\/\/[^/]+/, '').split('?')[0] ?? ''}</code></a
      >`,
      one.direction === 'in' ? 'Application' : 'Marketplace',
      this.companies.link(one),
      one.marketplace ?? '',
      pill(tone(one), one.status ?? 'none'),
      duration(one.durationMs),
    ]);
    return card(
      'Calls',
      html`${table(
        'Calls',
        [
          { name: 'At' },
          { name: 'Call', kind: 'lead' },
          { name: 'Who called' },
          { name: 'Company' },
          { name: 'Marketplace' },
          { name: 'Response' },
          { name: 'Took', kind: 'num' },
        ],
        rows,
        { tight: true },
      )}${pager}`,
      { flush: true },
    );
  }
}

function tone({ status }: JournalEntry): Tone {
  if (status === null || status >= SERVER_ERROR) return 'bad';
  return status >= BAD_REQUEST ? 'warn' : 'good';
}

function lines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

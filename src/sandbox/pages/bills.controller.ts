import { Get, Header } from '@nestjs/common';

import { monthName, number } from '../../views/format.js';
import { chips, filters, select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { empty } from '../../views/parts.js';
import { BillingRun } from '../account/billing-run.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import type { SandboxBillRecord, SandboxRecurringBillRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { BILL_STATUS, BillTables } from './bill-tables.js';
import { billsCsv } from './bills-csv.js';
import { ChargesCharts } from './charges-charts.js';
import { Page, PageController } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { contains, narrowed } from './paging.js';
import { SandboxPages } from './sandbox-pages.js';

/** What customers are charged: by the application, and by the clock. */
@PageController('bills')
export class BillsController {
  constructor(
    private readonly state: SandboxState,
    private readonly billing: BillingRun,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly charts: ChargesCharts,
    private readonly tables: BillTables,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  @Page('/')
  list(@Exchange() exchange: SandboxExchange): string {
    this.billing.catchUp();
    const { query } = exchange;
    const [text, marketplace, group] = [
      query.get('q') ?? '',
      query.get('marketplace') ?? '',
      query.get('group') ?? '',
    ];
    const [month, status] = [query.get('month') ?? '', query.get('status') ?? ''];
    const all = this.state.bills.list().toReversed();
    const months = [...new Set(all.map(({ createdAt }) => createdAt.slice(0, 7)))];
    const found = this.#found(query);
    const csv = narrowed({ path: '/bills/csv', query }, {});
    const shown = status ? found.filter((bill) => bill.status === status) : found;
    const recurring = this.state.recurringBills
      .list()
      .filter((bill) => this.#fits(bill, query))
      .toReversed();
    return this.pages.render(exchange, {
      title: 'Bills',
      lead: html`What your application charged, and what the recurring bills will bring.
      ${group ? html`Of ${this.pages.companyName(marketplace, group)} only. <a href="/bills">Show all</a>.` : ''}`,
      active: '/bills',
      live: '/journal/events?part=account',
      actions: this.token.action('/faults/clock', 'Move the clock a month on', { by: '31d', to: '/bills' }),
      body: html`${this.charts.card({ ...(marketplace ? { marketplace } : {}), ...(group ? { group } : {}) })}
      ${this.tables.recurring(recurring)}
      ${filters(
        '/bills',
        { label: 'Description, company or id', hint: 'SMS, bill-6, Kovač …', value: text },
        html`${select('Marketplace', 'marketplace', [['', 'All'], ...this.marketplaces.list().map(({ name }) => name)], marketplace)}
        ${select('Month', 'month', [['', 'All'], ...months.map((one) => [one, monthName(one)] as const)], month)}`,
        { status, group },
      )}
      ${chips(
        'Show',
        [
          {
            name: 'All',
            href: narrowed(exchange, { status: null }),
            on: !status,
            count: number(found.length),
          },
          ...Object.entries(BILL_STATUS).map(([key, [, name]]) => ({
            name,
            href: narrowed(exchange, { status: key }),
            on: status === key,
            count: number(found.filter((bill) => bill.status === key).length),
          })),
        ],
        html`<a href="${csv}" download="bills.csv">As CSV</a>`,
      )}
      ${this.#bills(shown, exchange, all.length)}`,
    });
  }

  /** What the list shows, for a spreadsheet. */
  @Get('csv')
  @Header('content-type', 'text/csv; charset=utf-8')
  @Header('content-disposition', 'attachment; filename="bills.csv"')
  @Header('x-content-type-options', 'nosniff')
  csv(@Exchange() { query }: SandboxExchange): string {
    const status = query.get('status');
    const shown = this.#found(query).filter((bill) => !status || bill.status === status);
    return billsCsv(shown, ({ marketplace, groupId }) => this.pages.companyName(marketplace, groupId));
  }

  /** Newest first, of every status. */
  #found(query: URLSearchParams): SandboxBillRecord[] {
    const month = query.get('month') ?? '';
    return this.state.bills
      .list()
      .toReversed()
      .filter((bill) => this.#fits(bill, query) && bill.createdAt.startsWith(month));
  }

  #fits(bill: SandboxBillRecord | SandboxRecurringBillRecord, query: URLSearchParams): boolean {
    const { marketplace, groupId } = bill;
    return (
      (query.get('marketplace') || marketplace) === marketplace &&
      (query.get('group') || groupId) === groupId &&
      contains(query.get('q') ?? '', [
        bill.id,
        groupId,
        bill.description,
        this.pages.companyName(marketplace, groupId),
      ])
    );
  }

  #bills(shown: readonly SandboxBillRecord[], exchange: SandboxExchange, all: number): Html {
    if (shown.length > 0) return this.tables.oneTime(shown, exchange);
    return all === 0
      ? html`<div class="card">
          ${empty('box', 'No bill yet', 'What your application charges appears here, and is invoiced when the month ends.')}
        </div>`
      : html`<div class="card">
          ${empty('box', 'Nothing matches', 'No bill fits what you chose.', html`<a class="button" href="/bills">Clear the filter</a>`)}
        </div>`;
  }
}

import { Get, Header } from '@nestjs/common';

import { day, moneyText, money, monthName, number } from '../../views/format.js';
import { chips, filters, select } from '../../views/form.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import { card, empty, pill, table, type Tone } from '../../views/parts.js';
import { BillingRun } from '../account/billing-run.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import type { SandboxBillRecord, SandboxBillStatus, SandboxRecurringBillRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { billsCsv } from './bills-csv.js';
import { ChargesCharts } from './charges-charts.js';
import { Page, PageController } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { contains, listPage, narrowed } from './paging.js';
import { SandboxPages } from './sandbox-pages.js';

/** Recurring bills of one table. */
const RECURRING = 50;
const STATUS: Readonly<Record<SandboxBillStatus, readonly [Tone, string]>> = {
  submitted: ['info', 'To be invoiced'],
  invoiced: ['good', 'Invoiced'],
  cancelled: ['idle', 'Cancelled'],
};

/** What customers are charged: by the application, and by the clock. */
@PageController('bills')
export class BillsController {
  constructor(
    private readonly state: SandboxState,
    private readonly billing: BillingRun,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly charts: ChargesCharts,
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
      ${recurring.length === 0 ? '' : this.#recurring(recurring)}
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
          ...Object.entries(STATUS).map(([key, [, name]]) => ({
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

  #recurring(bills: readonly SandboxRecurringBillRecord[]): Html {
    const lines = bills
      .slice(0, RECURRING)
      .map((bill) => [
        html`<bdi>${bill.description}</bdi> <small>${bill.id}</small>`,
        html`${this.pages.company(bill.marketplace, bill.groupId)} <small>${bill.marketplace}</small>`,
        bill.frequency === 1
          ? `each ${bill.period.toLowerCase()}`
          : `each ${bill.frequency} ${bill.period.toLowerCase()}s`,
        bill.nextExecutionAt
          ? html`${day(bill.nextExecutionAt)} <small>${this.pages.when(bill.nextExecutionAt)}</small>`
          : '',
        recurringStatus(bill),
        money(bill.priceCents, bill.currency),
      ]);
    return card(
      'Recurring',
      table(
        'Recurring bills',
        [
          { name: 'What', kind: 'lead' },
          { name: 'Company' },
          { name: 'How often' },
          { name: 'Next' },
          { name: 'Status' },
          { name: 'Amount', kind: 'num' },
        ],
        lines,
        { tight: true },
      ),
      {
        flush: true,
        aside:
          bills.length > RECURRING ? `${RECURRING} of ${number(bills.length)}: search for the others` : '',
      },
    );
  }

  #bills(shown: readonly SandboxBillRecord[], exchange: SandboxExchange, all: number): Html {
    if (shown.length === 0)
      return all === 0
        ? html`<div class="card">
            ${empty('box', 'No bill yet', 'What your application charges appears here, and is invoiced when the month ends.')}
          </div>`
        : html`<div class="card">
            ${empty('box', 'Nothing matches', 'No bill fits what you chose.', html`<a class="button" href="/bills">Clear the filter</a>`)}
          </div>`;
    const { items, pager } = listPage(shown, (bill) => `${bill.marketplace} ${bill.id}`, exchange, 'bill');
    const open = new Map<string, number>();
    for (const bill of shown)
      if (bill.status === 'submitted')
        open.set(bill.currency, (open.get(bill.currency) ?? 0) + bill.priceCents);
    const lines = items.map((bill): HtmlValue[] => {
      const [tone, word] = STATUS[bill.status];
      const amount = money(bill.priceCents, bill.currency);
      return [
        html`<bdi>${bill.description}</bdi>
          <small>${bill.id}${bill.units === null ? '' : ` · ${bill.units} units`}</small>`,
        html`${this.pages.company(bill.marketplace, bill.groupId)} <small>${bill.marketplace}</small>`,
        this.pages.when(bill.createdAt),
        pill(tone, word),
        bill.status === 'cancelled' ? html`<s>${amount}</s>` : amount,
      ];
    });
    return card(
      'One-time',
      html`${table(
        'One-time bills',
        [
          { name: 'What', kind: 'lead' },
          { name: 'Company' },
          { name: 'Made' },
          { name: 'Status' },
          { name: 'Amount', kind: 'num' },
        ],
        lines,
        { tight: true },
      )}${pager}`,
      {
        flush: true,
        aside:
          open.size > 0
            ? `To be invoiced: ${[...open].map(([currency, cents]) => moneyText(cents, currency)).join(', ')}`
            : '',
      },
    );
  }
}

function recurringStatus(bill: SandboxRecurringBillRecord): Html {
  switch (bill.status) {
    case 'active':
      return pill('good', 'Runs');
    case 'submitted':
      return pill('info', 'Begins');
    case 'expired':
      return pill('idle', 'Ended');
    case 'cancelled':
      return pill('idle', 'Cancelled');
  }
}

import { Injectable } from '@nestjs/common';

import { day, money, moneyText, number } from '../../views/format.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import { card, pill, table, type Tone } from '../../views/parts.js';
import type { SandboxExchange } from '../http/exchange.js';
import type { SandboxBillRecord, SandboxBillStatus, SandboxRecurringBillRecord } from '../state/records.js';
import { listPage } from './paging.js';
import { SandboxPages } from './sandbox-pages.js';

/** Recurring bills of one table. */
const RECURRING = 50;

/** How the status of a bill is shown. */
export const BILL_STATUS: Readonly<Record<SandboxBillStatus, readonly [Tone, string]>> = {
  submitted: ['info', 'To be invoiced'],
  invoiced: ['good', 'Invoiced'],
  cancelled: ['idle', 'Cancelled'],
};

/** Bills as tables: of all companies, or of one. */
@Injectable()
export class BillTables {
  constructor(private readonly pages: SandboxPages) {}

  /** What is charged again and again; nothing where nothing is. With `ofOne` the company is not named in each line. */
  recurring(bills: readonly SandboxRecurringBillRecord[], ofOne = false): Html {
    if (bills.length === 0) return html``;
    const lines = bills
      .slice(0, RECURRING)
      .map((bill) => [
        html`<bdi>${bill.description}</bdi> <small>${bill.id}</small>`,
        ...(ofOne ? [] : [this.#company(bill)]),
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
          ...(ofOne ? [] : [{ name: 'Company' }]),
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

  /** What was charged once, a page of it; at least one. With `ofOne` the company is not named in each line. */
  oneTime(shown: readonly SandboxBillRecord[], exchange: SandboxExchange, ofOne = false): Html {
    const { items, pager } = listPage(shown, (bill) => `${bill.marketplace} ${bill.id}`, exchange, 'bill');
    const open = new Map<string, number>();
    for (const bill of shown)
      if (bill.status === 'submitted')
        open.set(bill.currency, (open.get(bill.currency) ?? 0) + bill.priceCents);
    const lines = items.map((bill): HtmlValue[] => {
      const [tone, word] = BILL_STATUS[bill.status];
      const amount = money(bill.priceCents, bill.currency);
      return [
        html`<bdi>${bill.description}</bdi>
          <small>${bill.id}${bill.units === null ? '' : ` · ${bill.units} units`}</small>`,
        ...(ofOne ? [] : [this.#company(bill)]),
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
          ...(ofOne ? [] : [{ name: 'Company' }]),
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

  #company({ marketplace, groupId }: SandboxBillRecord | SandboxRecurringBillRecord): Html {
    return html`${this.pages.company(marketplace, groupId)} <small>${marketplace}</small>`;
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

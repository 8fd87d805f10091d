import { Controller, Query, UseGuards } from '@nestjs/common';

import type { SandboxBillRecord, SandboxRecurringBillRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { html, type Html } from '../../views/html.js';
import { table } from '../../views/table.js';
import { sandboxPage, money } from './sandbox-page.js';
import { Page } from './page.decorator.js';
import { SameOriginGuard } from './same-origin.guard.js';

/** Rows of one table. */
const SHOWN = 200;

/** What customers are charged: by the application, and by the clock. */
@Controller('bills')
@UseGuards(SameOriginGuard)
export class BillsController {
  constructor(private readonly state: SandboxState) {}

  @Page('/')
  list(@Query('group') group?: string): string {
    const wanted = <T extends { readonly groupId: string }>(all: T[]) =>
      all
        .filter(({ groupId }) => !group || groupId === group)
        .reverse()
        .slice(0, SHOWN);
    const bills = wanted(this.state.bills.list()).map((bill) => this.#bill(bill));
    const recurring = wanted(this.state.recurringBills.list()).map((bill) => this.#recurring(bill));
    return sandboxPage({
      title: 'Bills',
      lead: 'What your application charged. Move the clock to see bills invoiced and recurring ones executed.',
      active: '/bills',
      body: html`${group ? html`<p>Of ${group} only. <a href="/bills">All</a></p>` : ''}
        <h2>One-time charges</h2>
        ${table('Bills', ['Id', 'Company', 'Description', 'Amount', 'Status', 'Created'], bills, 'No bill yet.')}
        <h2>Recurring charges</h2>
        ${table(
          'Recurring bills',
          ['Id', 'Company', 'Description', 'Amount', 'Every', 'Status', 'Next'],
          recurring,
          'No recurring bill yet.',
        )}`,
    });
  }

  #bill(bill: SandboxBillRecord): Html {
    return html`<tr>
      <td><code>${bill.id}</code></td>
      <td>${this.#company(bill.marketplace, bill.groupId)}</td>
      <td>${bill.description}</td>
      <td class="number">${money(bill.priceCents, bill.currency)}</td>
      <td><span class="tag">${bill.status}</span></td>
      <td>${bill.createdAt}</td>
    </tr>`;
  }

  #recurring(bill: SandboxRecurringBillRecord): Html {
    return html`<tr>
      <td><code>${bill.id}</code></td>
      <td>${this.#company(bill.marketplace, bill.groupId)}</td>
      <td>${bill.description}</td>
      <td class="number">${money(bill.priceCents, bill.currency)}</td>
      <td>${bill.frequency} × ${bill.period}</td>
      <td><span class="tag">${bill.status}</span></td>
      <td>${bill.nextExecutionAt ?? ''}</td>
    </tr>`;
  }

  #company(marketplace: string, uid: string): Html {
    const name = this.state.group(marketplace, uid)?.name ?? uid;
    return html`<a href="/bills?group=${encodeURIComponent(uid)}">${name}</a>
      <span class="muted">${marketplace}</span>`;
  }
}

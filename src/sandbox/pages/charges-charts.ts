import { Injectable } from '@nestjs/common';

import { CHARGES_LEGEND, charges, type MonthOfCharges } from '../../views/charts.js';
import { moneyText } from '../../views/format.js';
import { MONTH_NAMES } from '../../utils/month-names.js';
import { html, type Html } from '../../views/html.js';
import { card } from '../../views/parts.js';
import { nextExecution } from '../account/billing-run.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import type { SandboxRecurringBillRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';

/** Months before the present one, and after it. */
const PAST = 3;
const AHEAD = 2;
/** Executions of one recurring bill that a forecast follows: a daily one over three months has some 90. */
const MAX_EXECUTIONS = 200;

/** Whose charges are drawn; all unless given. */
export interface ChargesOf {
  readonly marketplace?: string;
  readonly group?: string;
}

interface Sums {
  once: number;
  recurring: number;
  expected: number;
}

/** `2026-11` of a number of months since the year 0. */
function monthKey(index: number): string {
  return `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`;
}

/** Charges by month with the recurring forecast: one panel a currency. */
@Injectable()
export class ChargesCharts {
  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
  ) {}

  /** The panels in a card; nothing where nothing was charged. */
  card(of: ChargesOf = {}): Html {
    const panels = this.panels(of);
    if (panels.length === 0) return html``;
    return card(
      'Charges by month',
      html`${CHARGES_LEGEND}
        <div class="panels">${panels}</div>`,
      {
        aside: 'Currencies are never added up',
      },
    );
  }

  /** One panel a currency. */
  panels({ marketplace, group }: ChargesOf = {}): Html[] {
    const now = this.clock.now();
    const current = now.getUTCFullYear() * 12 + now.getUTCMonth();
    const months = Array.from({ length: PAST + 1 + AHEAD }, (_, index) => monthKey(current - PAST + index));
    const sums = new Map<string, Map<string, Sums>>();
    const add = (currency: string, iso: string, kind: keyof Sums, cents: number): void => {
      const month = iso.slice(0, 7);
      if (!months.includes(month)) return;
      let byMonth = sums.get(currency);
      if (!byMonth) sums.set(currency, (byMonth = new Map<string, Sums>()));
      const sum = byMonth.get(month) ?? { once: 0, recurring: 0, expected: 0 };
      sum[kind] += cents;
      byMonth.set(month, sum);
    };
    const wanted = (one: { readonly marketplace: string; readonly groupId: string }): boolean =>
      (!marketplace || one.marketplace === marketplace) && (!group || one.groupId === group);
    const subscriptions = this.state.recurringBills.filter(wanted);
    const descriptions = new Set(subscriptions.map((one) => `${one.groupId}\n${one.description}`));
    for (const bill of this.state.bills) {
      if (!wanted(bill) || bill.status === 'cancelled') continue;
      // What the nightly run made has a period and the words of its subscription.
      const isRecurring =
        bill.periodStartedAt !== null && descriptions.has(`${bill.groupId}\n${bill.description}`);
      add(bill.currency, bill.createdAt, isRecurring ? 'recurring' : 'once', bill.priceCents);
    }
    for (const bill of subscriptions)
      for (const at of executionsAhead(bill)) add(bill.currency, at, 'expected', bill.priceCents);
    return [...sums]
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([currency, byMonth], index) => {
        const rows = months.map((month): MonthOfCharges => ({
          label: MONTH_NAMES[Number(month.slice(5)) - 1]?.slice(0, 3) ?? month,
          ...(byMonth.get(month) ?? { once: 0, recurring: 0, expected: 0 }),
        }));
        const present = byMonth.get(monthKey(current));
        const note = `this month ${moneyText((present?.once ?? 0) + (present?.recurring ?? 0), currency)}`;
        return charges(`charges-${index}`, currency, ((index % 3) + 1) as 1 | 2 | 3, rows, note);
      });
  }
}

/** When a subscription will be charged, as far as it runs; ISO 8601. */
function executionsAhead(bill: SandboxRecurringBillRecord): string[] {
  if (bill.nextExecutionAt === null || (bill.status !== 'submitted' && bill.status !== 'active')) return [];
  const moments: string[] = [];
  let next = new Date(bill.nextExecutionAt);
  const left = Math.min(bill.remainingCycles ?? MAX_EXECUTIONS, MAX_EXECUTIONS);
  for (let turn = 0; turn < left; turn++) {
    moments.push(next.toISOString());
    next = nextExecution(next, bill.period, bill.frequency);
  }
  return moments;
}

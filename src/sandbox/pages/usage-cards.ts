import { Injectable } from '@nestjs/common';

import { dayAndMonth, monthName } from '../../views/format.js';
import { html, type Html } from '../../views/html.js';
import { card } from '../../views/parts.js';
import { type MonthOfUsage, usageByDay, usageCost } from '../../views/usage-charts.js';
import { MONTH_NAMES } from '../../utils/month-names.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import type { SandboxBillRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';

/** Days and months that are drawn. */
const [DAYS, MONTHS] = [31, 6];

/** Descriptions of bills of usage: what, of when, and the number of the statement (usage §9). */
const USAGE_BILL =
  /^(.+?) (corrections from )?(?:([A-Z][a-z]+) (\d{4})|(\d{4}-\d\d)-\d\d to \d{4}-\d\d-\d\d)(?:, [\d.]+ units)? \(statement \d+(?:, \d+ of \d+)?\)$/;

/** What a bill of usage says of itself. */
interface UsageBill {
  readonly label: string;
  /** `2026-09`. */
  readonly month: string;
  readonly isCorrection: boolean;
}

function usageBillOf({ description }: SandboxBillRecord): UsageBill | null {
  const [, label, correction, name, year, month] = USAGE_BILL.exec(description) ?? [];
  if (label === undefined) return null;
  const place = MONTH_NAMES.findIndex((one) => one === name) + 1;
  if (month === undefined && place === 0) return null;
  return {
    label,
    month: month ?? `${year}-${String(place).padStart(2, '0')}`,
    isCorrection: correction !== undefined,
  };
}

/** What a company used, as its application reports it, and what that cost, as its bills say. */
@Injectable()
export class UsageCards {
  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
  ) {}

  /** Usage by day, a drawing for each meter, another of what it costs; nothing where nothing was reported. */
  byDay(marketplace: string, group: string): Html {
    const reported = this.state.usage.filter(
      (one) => one.marketplace === marketplace && one.groupId === group,
    );
    if (reported.length === 0) return html``;
    const drawings = reported.flatMap(({ label, zone, currency, days }, index) => {
      const [shown, note] = [days.slice(-DAYS), `time of ${zone}`];
      const priced = shown.flatMap(({ day, amount }) =>
        amount === null ? [] : [{ label: dayAndMonth(day), quantity: amount }],
      );
      const used = shown.map(({ day, quantity }) => ({ label: dayAndMonth(day), quantity }));
      const drawing = usageByDay(`usage-${index}`, `${label} by day`, note, used);
      if (priced.length === 0) return [drawing];
      const head = `Cost in ${currency}`;
      return [
        drawing,
        usageByDay(`usage-${index}-cost`, `${label}: cost by day in ${currency}`, note, priced, head),
      ];
    });
    return card('Usage by day', html`<div class="stack">${drawings}</div>`, {
      aside: 'As the application counts it',
    });
  }

  /** Cost of usage by month of use, a panel each currency; nothing where no bill is one of usage. */
  cost(marketplace: string, group: string): Html {
    const present = this.clock.now();
    const months = Array.from({ length: MONTHS }, (_, index) =>
      new Date(Date.UTC(present.getUTCFullYear(), present.getUTCMonth() - MONTHS + 1 + index, 1))
        .toISOString()
        .slice(0, 7),
    );
    const byCurrency = new Map<string, { bill: SandboxBillRecord; of: UsageBill }[]>();
    for (const bill of this.state.bills) {
      if (bill.marketplace !== marketplace || bill.groupId !== group || bill.status === 'cancelled') continue;
      const of = usageBillOf(bill);
      if (!of || !months.includes(of.month)) continue;
      byCurrency.set(bill.currency, [...(byCurrency.get(bill.currency) ?? []), { bill, of }]);
    }
    if (byCurrency.size === 0) return html``;
    const panels = [...byCurrency]
      .toSorted(([one], [other]) => one.localeCompare(other))
      .map(([currency, bills], index) => {
        const labels = [...new Set(bills.map(({ of }) => of.label))].toSorted();
        const rows = months.map((month): MonthOfUsage => {
          const own = bills.filter(({ of }) => of.month === month);
          const sum = (wanted: (of: UsageBill) => boolean): number =>
            own.reduce((total, { bill, of }) => total + (wanted(of) ? bill.priceCents : 0), 0);
          return {
            label: monthName(month).slice(0, 3),
            cents: labels.map((label) => sum((of) => of.label === label && !of.isCorrection)),
            corrections: sum(({ isCorrection }) => isCorrection),
          };
        });
        return usageCost(`usage-cost-${index}`, currency, labels, rows);
      });
    return card('Cost of usage by month', html`<div class="panels">${panels}</div>`, {
      aside: 'By the month of use',
    });
  }
}

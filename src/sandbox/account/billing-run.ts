import { Injectable } from '@nestjs/common';

import { isoSeconds, SandboxClock } from '../clock/sandbox-clock.js';
import type { SandboxRecurringBillRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { SandboxBills } from './bills.service.js';

const DAY_MS = 86_400_000;
const SEMIMONTH_DAYS = 15;

/** Longest stretch that one move of the clock catches up, in nights: what is beyond it is skipped. */
const MAX_NIGHTS = 3_700;

/** The same day of a later month, or that month's last day. */
function addMonths(moment: Date, months: number): Date {
  const later = new Date(moment);
  later.setUTCMonth(later.getUTCMonth() + months, 1);
  const lastDay = new Date(Date.UTC(later.getUTCFullYear(), later.getUTCMonth() + 1, 0)).getUTCDate();
  later.setUTCDate(Math.min(moment.getUTCDate(), lastDay));
  return later;
}

/** When a subscription is charged after a moment (protocol §8.7). */
export function nextExecution(from: Date, period: string, frequency: number): Date {
  if (period === 'month') return addMonths(from, frequency);
  if (period === 'year') return addMonths(from, 12 * frequency);
  const days = period === 'day' ? 1 : period === 'week' ? 7 : SEMIMONTH_DAYS;
  return new Date(from.getTime() + days * frequency * DAY_MS);
}

/**
 * What the marketplace does every night at midnight UTC, by the sandbox's clock: charges the subscriptions that are
 * due, ends those that have run their cycles, and on the first of a month invoices the charges of the months before.
 * It catches up on every move of the clock and before every look at the bills.
 */
@Injectable()
export class BillingRun {
  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly bills: SandboxBills,
  ) {
    clock.onChange(() => this.catchUp());
  }

  /** Runs every night that has passed since the last one that ran. */
  catchUp(): void {
    const now = this.clock.now().getTime();
    const today = Math.floor(now / DAY_MS);
    const billedUntil =
      this.state.billedUntil === null ? today : Math.floor(Date.parse(this.state.billedUntil) / DAY_MS);
    for (let night = Math.max(billedUntil + 1, today - MAX_NIGHTS); night <= today; night++) {
      this.#run(new Date(night * DAY_MS));
    }
    this.state.billedUntil = isoSeconds(new Date(Math.max(today, billedUntil) * DAY_MS));
  }

  #run(midnight: Date): void {
    for (const bill of this.state.recurringBills) this.#execute(bill, midnight);
    if (midnight.getUTCDate() === 1) this.#invoice(midnight);
  }

  #execute(bill: SandboxRecurringBillRecord, midnight: Date): void {
    const at = isoSeconds(midnight);
    const chargeable = this.state.group(bill.marketplace, bill.groupId)?.status === 'running';
    while (
      isOpen(bill) &&
      bill.nextExecutionAt !== null &&
      Date.parse(bill.nextExecutionAt) <= midnight.getTime()
    ) {
      const due = new Date(bill.nextExecutionAt);
      const following = nextExecution(due, bill.period, bill.frequency);
      if (chargeable) {
        const { priceCents, description, currency } = bill;
        const periodStartedAt = isoSeconds(due);
        const periodEndedAt = isoSeconds(following);
        this.bills.add(
          bill.marketplace,
          bill.groupId,
          { priceCents, description, currency, periodStartedAt, periodEndedAt },
          at,
        );
      }
      bill.lastExecutionAt = at;
      bill.updatedAt = at;
      bill.nextExecutionAt = isoSeconds(following);
      bill.status = 'active';
      if (bill.remainingCycles !== null) bill.remainingCycles--;
      if (bill.remainingCycles === 0) {
        bill.status = 'expired';
        bill.nextExecutionAt = null;
      }
    }
  }

  /** One customer invoice a month takes in all charges before it (protocol §8.13). */
  #invoice(midnight: Date): void {
    for (const bill of this.state.bills) {
      if (bill.status !== 'submitted' || Date.parse(bill.createdAt) >= midnight.getTime()) continue;
      bill.status = 'invoiced';
      bill.updatedAt = isoSeconds(midnight);
    }
  }
}

function isOpen(bill: SandboxRecurringBillRecord): boolean {
  return bill.status === 'submitted' || bill.status === 'active';
}

import { Inject, Injectable } from '@nestjs/common';

import { SandboxClock } from '../clock/sandbox-clock.js';
import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import type { SandboxRecurringBillRecord } from '../state/records.js';
import { recordKey, SandboxState } from '../state/sandbox-state.js';
import { dateField, FieldErrors, numberField, readCharge, textField } from './bill-input.js';
import { chargeableGroup, NOT_CHARGEABLE, SandboxBills, type Outcome } from './bills.service.js';

/** Periods, and how many of them are a year (protocol §8.7). */
const PERIODS_A_YEAR: Readonly<Record<string, number>> = {
  day: 365,
  week: 52,
  semimonth: 24,
  month: 12,
  year: 1,
};
const HOUR_MS = 3_600_000;

/** Subscriptions (protocol §8.7). */
@Injectable()
export class SandboxRecurringBills {
  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly bills: SandboxBills,
  ) {}

  create(marketplace: string, fields: Record<string, unknown>): Outcome<SandboxRecurringBillRecord> {
    const groupId = chargeableGroup(this.state, marketplace, fields);
    if (groupId === null) return { errors: { group_id: [NOT_CHARGEABLE] } };
    const errors = new FieldErrors();
    const charge = readCharge(fields, errors);
    const schedule = this.#schedule(fields, errors);
    const old = this.options.behaviour === 'like-2016';
    // The old sandbox accepted the field and forgot it.
    const initialCents = old ? 0 : (numberField(fields, 'initial_cents') ?? 0);
    if (!Number.isInteger(initialCents) || initialCents < 0) {
      errors.add('initial_cents', 'must be greater than or equal to 0');
    }
    if (errors.any) return { errors: errors.all };
    const now = this.clock.iso();
    const record: SandboxRecurringBillRecord = {
      marketplace,
      id: this.state.nextId('rbill'),
      groupId,
      ...charge,
      ...schedule,
      initialCents,
      status: 'submitted',
      lastExecutionAt: null,
      nextExecutionAt: schedule.startDate,
      remainingCycles: schedule.cycles,
      createdAt: now,
      updatedAt: now,
    };
    this.state.recurringBills.add(record);
    if (initialCents > 0) {
      const { currency, description } = charge;
      this.bills.add(marketplace, groupId, {
        priceCents: initialCents,
        currency,
        description: `Initial: ${description}`,
      });
    }
    return { record };
  }

  /** Ends a subscription; ending it twice changes nothing. */
  cancel(marketplace: string, id: string): Outcome<SandboxRecurringBillRecord> {
    const bill = this.find(marketplace, id);
    if (!bill) return { errors: { id: ['does not exist'] } };
    if (bill.status === 'submitted' || bill.status === 'active') {
      bill.status = 'cancelled';
      bill.updatedAt = this.clock.iso();
    }
    return { record: bill };
  }

  find(marketplace: string, id: string): SandboxRecurringBillRecord | undefined {
    return this.state.recurringBills.get(recordKey(marketplace, id));
  }

  list(marketplace: string): SandboxRecurringBillRecord[] {
    return this.state.recurringBills.filter((bill) => bill.marketplace === marketplace);
  }

  #schedule(
    fields: Record<string, unknown>,
    errors: FieldErrors,
  ): Pick<SandboxRecurringBillRecord, 'period' | 'frequency' | 'cycles' | 'startDate'> {
    const period = (textField(fields, 'period') ?? 'month').toLowerCase();
    const frequency = numberField(fields, 'frequency') ?? 1;
    const cycles = numberField(fields, 'cycles');
    const startDate = dateField(fields, 'start_date') ?? this.clock.iso();
    const aYear = PERIODS_A_YEAR[period];
    if (aYear === undefined) errors.add('period', 'is not included in the list');
    if (!Number.isInteger(frequency) || frequency < 1) errors.add('frequency', 'must be greater than 0');
    else if (aYear !== undefined && this.options.behaviour !== 'like-2016') {
      if (frequency > aYear) errors.add('frequency', 'must not make the period longer than a year');
      else if (period === 'semimonth' && frequency !== 1) errors.add('frequency', 'must be 1 for SemiMonth');
    }
    if (cycles !== null && (!Number.isInteger(cycles) || cycles < 1))
      errors.add('cycles', 'must be greater than 0');
    if (Date.parse(startDate) < this.clock.now().getTime() - HOUR_MS)
      errors.add('start_date', 'cannot be in the past');
    return { period, frequency, cycles, startDate };
  }
}

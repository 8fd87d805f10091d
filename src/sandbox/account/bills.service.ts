import { Inject, Injectable } from '@nestjs/common';

import { SandboxClock } from '../clock/sandbox-clock.js';
import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import type { SandboxBillRecord } from '../state/records.js';
import { SandboxState, recordKey } from '../state/sandbox-state.js';
import { booleanField, dateField, FieldErrors, numberField, readCharge } from './bill-input.js';
import type { AccountErrors } from './envelope.js';

/** A record, or what is wrong. */
export type Outcome<T> = { readonly record: T } | { readonly errors: AccountErrors };

/** The response for a group that cannot be charged. */
export const NOT_CHARGEABLE = 'does not exist or cannot be charged by your service';

/** One-off charges (protocol §8.6). */
@Injectable()
export class SandboxBills {
  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
  ) {}

  create(marketplace: string, fields: Record<string, unknown>): Outcome<SandboxBillRecord> {
    const errors = new FieldErrors();
    const groupId = chargeableGroup(this.state, marketplace, fields);
    if (groupId === null) return { errors: { group_id: [NOT_CHARGEABLE] } };
    const charge = readCharge(fields, errors);
    const units = numberField(fields, 'units');
    if (units !== null && !(units > 0)) errors.add('units', 'must be greater than 0');
    if (errors.any) return { errors: errors.all };
    const old = this.options.behaviour === 'like-2016';
    return {
      record: this.add(marketplace, groupId, {
        ...charge,
        units: units === null ? null : Math.round(units * 100) / 100,
        periodStartedAt: dateField(fields, 'period_started_at'),
        periodEndedAt: dateField(fields, 'period_ended_at'),
        // The old sandbox lost the field on its way in.
        thirdParty: !old && booleanField(fields, 'third_party'),
      }),
    };
  }

  /** Adds a bill that is known to be right. `at` dates it; now, unless given. */
  add(
    marketplace: string,
    groupId: string,
    charge: Pick<SandboxBillRecord, 'priceCents' | 'description' | 'currency'> & Partial<SandboxBillRecord>,
    at = this.clock.iso(),
  ): SandboxBillRecord {
    return this.state.bills.add({
      units: null,
      periodStartedAt: null,
      periodEndedAt: null,
      thirdParty: false,
      status: 'submitted',
      ...charge,
      marketplace,
      id: this.state.nextId('bill'),
      groupId,
      createdAt: at,
      updatedAt: at,
    });
  }

  /** Cancels what was not invoiced; cancelling twice changes nothing (protocol §8.4). */
  cancel(marketplace: string, id: string): Outcome<SandboxBillRecord> {
    const bill = this.find(marketplace, id);
    if (!bill) return { errors: { id: ['does not exist'] } };
    if (bill.status === 'invoiced') {
      return { errors: { status: ['has already been set to invoiced and cannot be changed'] } };
    }
    if (bill.status === 'submitted') {
      bill.status = 'cancelled';
      bill.updatedAt = this.clock.iso();
    }
    return { record: bill };
  }

  find(marketplace: string, id: string): SandboxBillRecord | undefined {
    return this.state.bills.get(recordKey(marketplace, id));
  }

  list(marketplace: string): SandboxBillRecord[] {
    return this.state.bills.filter((bill) => bill.marketplace === marketplace);
  }
}

/** The group of a creation, when the application may charge it. */
export function chargeableGroup(
  state: SandboxState,
  marketplace: string,
  fields: Record<string, unknown>,
): string | null {
  const groupId = typeof fields['group_id'] === 'string' ? fields['group_id'] : '';
  return state.group(marketplace, groupId)?.status === 'running' ? groupId : null;
}

import { Inject, Injectable } from '@nestjs/common';

import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import type {
  SandboxBillRecord,
  SandboxGroupRecord,
  SandboxRecurringBillRecord,
  SandboxResellerRecord,
  SandboxUserRecord,
} from '../state/records.js';

type Wire = Record<string, unknown>;

/** Writes records as the Account API does, field by field in its order (protocol §8.6 to §8.10). */
@Injectable()
export class AccountPresenter {
  constructor(@Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions) {}

  /** See protocol §8.6. */
  bill = (bill: SandboxBillRecord): Wire => ({
    object: 'account_bill',
    id: bill.id,
    group_id: bill.groupId,
    created_at: bill.createdAt,
    updated_at: bill.updatedAt,
    price_cents: bill.priceCents,
    status: bill.status,
    currency: bill.currency,
    units: bill.units,
    description: bill.description,
    period_started_at: bill.periodStartedAt,
    period_ended_at: bill.periodEndedAt,
    third_party: bill.thirdParty,
  });

  /** See protocol §8.7. */
  recurringBill = (bill: SandboxRecurringBillRecord): Wire => ({
    object: 'account_recurring_bill',
    id: bill.id,
    group_id: bill.groupId,
    created_at: bill.createdAt,
    updated_at: bill.updatedAt,
    price_cents: bill.priceCents,
    status: bill.status,
    currency: bill.currency,
    description: bill.description,
    start_date: bill.startDate,
    period: bill.period,
    frequency: bill.frequency,
    cycles: bill.cycles,
    initial_cents: bill.initialCents,
    last_execution_at: bill.lastExecutionAt,
    next_execution_at: bill.nextExecutionAt,
    remaining_cycles: bill.remainingCycles,
  });

  /** See protocol §8.8. A terminated group keeps little more than its id where the documented hub is imitated. */
  group = (group: SandboxGroupRecord): Wire => {
    const head = {
      object: 'account_group',
      id: group.uid,
      created_at: group.createdAt,
      updated_at: group.updatedAt,
    };
    const metadata = this.options.behaviour === 'like-2016' ? {} : { metadata: group.metadata };
    if (group.status === 'terminated' && this.options.behaviour === 'strict') {
      return { ...head, status: group.status, ...metadata };
    }
    return {
      ...head,
      has_credit_card: group.hasCreditCard,
      status: group.status,
      name: group.name,
      free_trial_end_at: group.freeTrialEndAt,
      email: group.email,
      currency: group.currency,
      timezone: group.timezone,
      country: group.country,
      city: group.city,
      main_accounting: group.mainAccounting,
      ...metadata,
    };
  };

  /** See protocol §8.9. */
  user = (user: SandboxUserRecord): Wire => ({
    object: 'account_user',
    id: user.uid,
    name: user.name,
    surname: user.surname,
    email: user.email,
    company_name: user.companyName,
    country: user.country,
    sso_session: user.ssoSession,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
  });

  /** See protocol §8.10. */
  reseller = (reseller: SandboxResellerRecord): Wire => ({
    object: 'account_reseller',
    id: reseller.id,
    created_at: reseller.createdAt,
    updated_at: reseller.updatedAt,
    name: reseller.name,
    code: reseller.code,
    country: reseller.country,
  });
}

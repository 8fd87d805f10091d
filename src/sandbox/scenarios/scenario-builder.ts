import { Injectable } from '@nestjs/common';

import { SandboxClock } from '../clock/sandbox-clock.js';
import { SandboxBills } from '../account/bills.service.js';
import { SandboxRecurringBills } from '../account/recurring-bills.service.js';
import { ConnecRecords } from '../connec/connec-records.js';
import { MarketplaceAdmin, type MarketplaceInput } from '../platform/marketplace-admin.js';
import type {
  SandboxGroupRecord,
  SandboxMarketplaceRecord,
  SandboxResellerRecord,
  SandboxUserRecord,
} from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';

const DAY_MS = 86_400_000;

/** A person's address: their name without accents and apostrophes. */
export function addressOf(name: string, surname: string): string {
  const letters = (text: string): string =>
    text
      .normalize('NFD')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '');
  return `${letters(name)}.${letters(surname)}@example.com`;
}

/** A person to be added; the rest follows from the name. */
export type UserInput = Pick<SandboxUserRecord, 'uid' | 'name' | 'surname'> & Partial<SandboxUserRecord>;
/** A customer company to be added. */
export type GroupInput = Pick<SandboxGroupRecord, 'uid' | 'name'> & Partial<SandboxGroupRecord>;

/** Writes people, companies and charges into the state with few words; the scenarios and tests use it. */
@Injectable()
export class ScenarioBuilder {
  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly admin: MarketplaceAdmin,
    private readonly bills: SandboxBills,
    private readonly recurringBills: SandboxRecurringBills,
    private readonly connec: ConnecRecords,
  ) {}

  marketplace(input: MarketplaceInput): Promise<SandboxMarketplaceRecord> {
    return this.admin.add(input);
  }

  /** A moment some days ago (or ahead), as the marketplace writes it. */
  daysAgo(days: number): string {
    return this.clock.iso(-days * DAY_MS);
  }

  user(marketplace: string, input: UserInput): SandboxUserRecord {
    const now = this.clock.iso();
    return this.state.users.add({
      marketplace,
      email: addressOf(input.name, input.surname),
      companyName: null,
      country: 'AU',
      city: 'Sydney',
      timezone: 'Australia/Sydney',
      ssoSession: this.state.nextToken(),
      resellerId: null,
      createdAt: now,
      updatedAt: now,
      ...input,
    });
  }

  group(marketplace: string, input: GroupInput): SandboxGroupRecord {
    const now = this.clock.iso();
    return this.state.groups.add({
      marketplace,
      orgUid: `org-${input.uid.slice('cld-'.length)}`,
      status: 'running',
      hasCreditCard: true,
      freeTrialEndAt: this.daysAgo(-30),
      email: `${input.uid}@example.com`,
      currency: 'AUD',
      timezone: 'Australia/Sydney',
      country: 'AU',
      city: 'Sydney',
      mainAccounting: 'quickbooks',
      metadata: { pull_disabled: false, push_disabled: false },
      resellerId: null,
      createdAt: now,
      updatedAt: now,
      ...input,
    });
  }

  member(marketplace: string, userUid: string, groupUid: string, role: string): void {
    this.state.memberships.add({ marketplace, userUid, groupUid, role });
  }

  reseller(
    marketplace: string,
    input: Pick<SandboxResellerRecord, 'id' | 'name' | 'code' | 'country'>,
  ): void {
    const createdAt = this.daysAgo(120);
    this.state.resellers.add({ ...input, marketplace, createdAt, updatedAt: createdAt });
  }

  /** A charge of some days ago. */
  bill(marketplace: string, groupUid: string, cents: number, description: string, days = 0): void {
    const bill = this.bills.add(
      marketplace,
      groupUid,
      {
        priceCents: cents,
        description,
        currency: this.state.group(marketplace, groupUid)?.currency ?? 'AUD',
      },
      this.daysAgo(days),
    );
    // Last month's charges are on a customer's invoice already.
    if (bill.createdAt.slice(0, 7) < this.clock.iso().slice(0, 7)) bill.status = 'invoiced';
  }

  /** A subscription that begins now. */
  recurringBill(
    marketplace: string,
    groupUid: string,
    cents: number,
    description: string,
    period = 'month',
  ): void {
    const currency = this.state.group(marketplace, groupUid)?.currency ?? 'AUD';
    this.recurringBills.create(marketplace, {
      group_id: groupUid,
      price_cents: cents,
      description,
      currency,
      period,
    });
  }

  /** Writes Connec! records of a company. @returns a function that adds one, dated some days ago, and gives its id. */
  writer(
    marketplace: string,
    groupId: string,
  ): (resource: string, entity: Record<string, unknown>, days?: number) => string {
    return (resource: string, entity: Record<string, unknown>, days = 0): string =>
      this.connec.create({ marketplace, groupId }, resource, entity, this.daysAgo(days)).id;
  }
}

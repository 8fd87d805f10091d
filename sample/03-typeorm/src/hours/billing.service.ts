import { Injectable } from '@nestjs/common';
import { BillingService as MaestranoBilling } from 'nestjs-maestrano';
import { DataSource, type EntityManager, IsNull } from 'typeorm';

import { Hours } from '../database/entities.js';

/** Cents for a person and a month in which they wrote hours. */
export const PRICE_CENTS = 900;

/** A company as the marketplace knows it. */
export interface BilledCompany {
  readonly companyId: string;
  readonly marketplace: string;
  readonly groupUid: string;
}

/** Charges for people who wrote hours, through the marketplace, each person and month once. */
@Injectable()
export class BillingService {
  constructor(
    private readonly source: DataSource,
    private readonly billing: MaestranoBilling,
  ) {}

  /** How many people are not charged yet. */
  async unbilled(companyId: string): Promise<number> {
    const open = await this.#open(this.source.manager, companyId);
    return new Set(open.map(({ userId }) => userId)).size;
  }

  /**
   * Marks the hours and records their charge, or does neither; then makes what is recorded, also what a process that died
   * left behind. Returns how many people are charged.
   */
  async charge({ companyId, marketplace, groupUid }: BilledCompany): Promise<number> {
    const { bills } = this.billing.for(marketplace);
    const people = await this.source.transaction(async (tx) => {
      const open = await this.#open(tx, companyId, true);
      const [first] = open.map(({ id }) => id).sort();
      if (first === undefined) return 0;
      for (const hours of open) hours.billedAt = new Date();
      await tx.save(Hours, open);
      const count = new Set(open.map(({ userId }) => userId)).size;
      const bill = {
        groupId: groupUid,
        priceCents: count * PRICE_CENTS,
        currency: 'AUD',
        description: `Hours of ${count} people`,
      };
      // Hours are marked once, so that the first one's id stands for this charge.
      await bills.createOnce(`hours-${first}`, bill, { tx });
      return count;
    });
    await bills.createRecorded();
    return people;
  }

  /** Locked where they are about to be marked, so that two who charge at once do not mark the same. */
  #open(manager: EntityManager, companyId: string, locked = false): Promise<Hours[]> {
    return manager.find(Hours, {
      where: { companyId, billedAt: IsNull() },
      ...(locked ? { lock: { mode: 'pessimistic_write' as const } } : {}),
    });
  }
}

import { Injectable } from '@nestjs/common';
import { and, eq, isNull, like, sql } from 'drizzle-orm';
import { BillingService as MaestranoBilling } from 'nestjs-maestrano';

import { Database } from '../database/database.js';

/** Cents for a desk and a day. */
export const PRICE_CENTS = 450;

/** A company as the marketplace knows it. */
export interface Customer {
  readonly companyId: string;
  readonly marketplace: string;
  readonly groupUid: string;
}

/** Charges bookings through the marketplace, each of them once. */
@Injectable()
export class BillingService {
  constructor(
    private readonly database: Database,
    private readonly billing: MaestranoBilling,
  ) {}

  async unbilled(companyId: string, month: string): Promise<number> {
    const { db, schema } = this.database;
    const { bookings } = schema;
    const [row] = await db
      .select({ count: sql<number>`count(*)` })
      .from(bookings)
      .where(
        and(eq(bookings.companyId, companyId), like(bookings.day, `${month}-%`), isNull(bookings.billedAt)),
      );
    return Number(row?.count ?? 0);
  }

  /**
   * Marks the bookings and records their charge, or does neither; then makes what is recorded, also what a process that
   * died left behind.
   *
   * @param month such as `2026-11`.
   * @returns how many bookings are charged now.
   */
  async charge({ companyId, marketplace, groupUid }: Customer, month: string): Promise<number> {
    const { bookings } = this.database.schema;
    const { bills } = this.billing.for(marketplace);
    const billedAt = Date.now();
    const count = await this.database.transaction(async (tx) => {
      const open = and(
        eq(bookings.companyId, companyId),
        like(bookings.day, `${month}-%`),
        isNull(bookings.billedAt),
      );
      const marked = await tx.update(bookings).set({ billedAt }).where(open).returning({ id: bookings.id });
      const [first] = marked.map(({ id }) => id).sort();
      if (first === undefined) return 0;
      // A booking is marked once, so that its id stands for this charge.
      await bills.createOnce(
        `desks-${first}`,
        {
          groupId: groupUid,
          priceCents: marked.length * PRICE_CENTS,
          currency: 'AUD',
          description: `${marked.length} desks booked in ${month}`,
        },
        { tx },
      );
      return marked.length;
    });
    await bills.createRecorded();
    return count;
  }
}

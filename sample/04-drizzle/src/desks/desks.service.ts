import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { and, asc, eq, isNull } from 'drizzle-orm';

import { type Booking, Database } from '../database/database.js';

/** Desks of every office. */
export const DESKS = 12;

/** Who sits where. */
@Injectable()
export class DesksService {
  constructor(private readonly database: Database) {}

  async onDay(companyId: string, day: string): Promise<Booking[]> {
    const { db, schema } = this.database;
    const { bookings } = schema;
    return db
      .select()
      .from(bookings)
      .where(and(eq(bookings.companyId, companyId), eq(bookings.day, day)))
      .orderBy(asc(bookings.desk));
  }

  /** False where somebody else was quicker. */
  async book(companyId: string, userId: string, day: string, desk: number): Promise<boolean> {
    const { bookings } = this.database.schema;
    const booking = { id: randomUUID(), companyId, userId, day, desk };
    const made = await this.database.transaction((tx) =>
      tx.insert(bookings).values(booking).onConflictDoNothing().returning(),
    );
    return made.length === 1;
  }

  /** One's own only, and not what was charged already. */
  async release(companyId: string, userId: string, day: string, desk: number): Promise<void> {
    const { bookings } = this.database.schema;
    const mine = and(
      eq(bookings.companyId, companyId),
      eq(bookings.userId, userId),
      eq(bookings.day, day),
      eq(bookings.desk, desk),
      isNull(bookings.billedAt),
    );
    await this.database.transaction((tx) => tx.delete(bookings).where(mine));
  }
}

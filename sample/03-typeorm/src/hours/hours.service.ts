import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Customer, Hours } from '../database/entities.js';

/** A line of a timesheet. */
export interface Worked {
  readonly companyId: string;
  readonly userId: string;
  readonly day: string;
  readonly customer: string;
  readonly minutes: number;
}

@Injectable()
export class HoursService {
  constructor(private readonly source: DataSource) {}

  /** Once more for the same customer and day replaces what was there, unless it is billed already. */
  async write({ companyId, userId, day, customer, minutes }: Worked): Promise<void> {
    await this.source.query(
      `insert into hours (company_id, user_id, day, customer, minutes) values ($1, $2, $3, $4, $5)
       on conflict (company_id, user_id, day, customer) do update set minutes = excluded.minutes
       where hours.billed_at is null`,
      [companyId, userId, day, customer, minutes],
    );
  }

  latest(companyId: string, userId: string): Promise<Hours[]> {
    return this.source.manager.find(Hours, {
      where: { companyId, userId },
      order: { day: 'DESC', customer: 'ASC' },
      take: 30,
    });
  }

  customers(companyId: string): Promise<Customer[]> {
    return this.source.manager.find(Customer, { where: { companyId }, order: { name: 'ASC' } });
  }
}

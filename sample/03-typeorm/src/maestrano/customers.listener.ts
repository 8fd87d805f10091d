import { Injectable } from '@nestjs/common';
import {
  ConnecHandler,
  type ConnecNotificationContext,
  type ConnecRecordOf,
  ConnecTransaction,
} from 'nestjs-maestrano';
import type { EntityManager } from 'typeorm';

import { CompanyLink, Customer } from '../database/entities.js';

/** Keeps the customers of every company as the marketplace tells of them. */
@Injectable()
export class CustomersListener {
  @ConnecHandler('organizations')
  @ConnecTransaction()
  async onOrganization(
    organization: ConnecRecordOf<'organizations'>,
    { marketplace, groupUid, recordId, tx }: ConnecNotificationContext,
  ): Promise<void> {
    // The transaction that also notes that this was handled.
    const manager = tx as EntityManager;
    const link = await manager.findOneBy(CompanyLink, { marketplace: marketplace.name, uid: groupUid });
    if (!link || recordId === null) return;
    const customer = { companyId: link.companyId, connecId: recordId, name: organization.name ?? recordId };
    await manager.upsert(Customer, customer, ['companyId', 'connecId']);
  }
}

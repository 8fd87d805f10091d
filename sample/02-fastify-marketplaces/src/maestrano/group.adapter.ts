import { Injectable } from '@nestjs/common';
import {
  type AdapterContext,
  BillingService,
  type GroupProfile,
  type GroupReference,
  MaestranoGroupAdapter,
  type MembershipProfile,
  type MembershipReference,
} from 'nestjs-maestrano';

import { type Company, DirectoryService, type Person } from './directory.service.js';

@Injectable()
export class GroupAdapter extends MaestranoGroupAdapter<Company, Person> {
  constructor(
    private readonly directory: DirectoryService,
    private readonly billing: BillingService,
  ) {
    super();
  }

  override findOrCreateGroup({ marketplace, uid, name }: GroupProfile): Company {
    return this.directory.ensureCompany({ marketplace, uid, name: name ?? uid });
  }

  override hasMember(company: Company, person: Person): boolean {
    return company.members.has(person.uid);
  }

  override addMember(company: Company, person: Person, { role }: MembershipProfile): void {
    company.members.set(person.uid, role);
  }

  override removeMember({ marketplace, groupUid, userUid }: MembershipReference): void {
    this.directory.findCompany(marketplace, groupUid)?.members.delete(userUid);
  }

  /** A last bill, while the marketplace still knows the company; once, however often the webhook is repeated. */
  override async beforeGroupDeletion(
    { groupUid }: GroupReference,
    { marketplace }: AdapterContext,
  ): Promise<void> {
    if (!this.directory.findCompany(marketplace.name, groupUid)) return;
    await this.billing.for(marketplace).bills.createOnce(`final-${groupUid}`, {
      groupId: groupUid,
      priceCents: 990,
      currency: 'AUD',
      description: 'Final bill',
    });
  }

  override deleteGroup({ marketplace, groupUid }: GroupReference): void {
    this.directory.deleteCompany(marketplace, groupUid);
  }
}

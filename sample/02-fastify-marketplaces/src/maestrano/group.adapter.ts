import { Injectable } from '@nestjs/common';
import {
  type GroupProfile,
  type GroupReference,
  MaestranoGroupAdapter,
  type MembershipProfile,
  type MembershipReference,
} from 'nestjs-maestrano';

import { InvoicesService } from '../invoices/invoices.service.js';
import { type Company, DirectoryService, type Person } from './directory.service.js';

@Injectable()
export class GroupAdapter extends MaestranoGroupAdapter<Company, Person> {
  constructor(
    private readonly directory: DirectoryService,
    private readonly invoices: InvoicesService,
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

  /** Charges nothing: a webhook that waits for the marketplace's billing would leave the company undeleted. */
  override deleteGroup({ marketplace, groupUid }: GroupReference): void {
    this.directory.deleteCompany(marketplace, groupUid);
    this.invoices.forget(marketplace, groupUid);
  }
}

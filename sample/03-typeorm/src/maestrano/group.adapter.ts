import { Injectable } from '@nestjs/common';
import {
  type GroupProfile,
  type GroupReference,
  MaestranoGroupAdapter,
  type MembershipProfile,
  type MembershipReference,
} from 'nestjs-maestrano';

import { AccountsService } from '../accounts/accounts.service.js';
import type { Company, User } from '../database/entities.js';

@Injectable()
export class GroupAdapter extends MaestranoGroupAdapter<Company, User> {
  constructor(private readonly accounts: AccountsService) {
    super();
  }

  override findOrCreateGroup(profile: GroupProfile): Promise<Company> {
    return this.accounts.findOrCreateCompany(profile);
  }

  override hasMember(company: Company, user: User): Promise<boolean> {
    return this.accounts.isMember(company.id, user.id);
  }

  override addMember(company: Company, user: User, { role }: MembershipProfile): Promise<void> {
    return this.accounts.setMember(company.id, user.id, role);
  }

  override updateMember(company: Company, user: User, { role }: MembershipProfile): Promise<void> {
    return this.accounts.setMember(company.id, user.id, role);
  }

  override async removeMember({ marketplace, groupUid, userUid }: MembershipReference): Promise<void> {
    const company = await this.accounts.companyOf(marketplace, groupUid);
    const user = await this.accounts.userOf(marketplace, userUid);
    if (company && user) await this.accounts.removeMember(company.id, user.id);
  }

  override deleteGroup({ marketplace, groupUid }: GroupReference): Promise<void> {
    return this.accounts.close(marketplace, groupUid);
  }
}

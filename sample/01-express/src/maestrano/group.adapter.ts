import { Injectable } from '@nestjs/common';
import {
  type GroupProfile,
  type GroupReference,
  MaestranoGroupAdapter,
  type MembershipProfile,
  type MembershipReference,
} from 'nestjs-maestrano';

import { AccountsService } from '../accounts/accounts.service.js';
import type { Company } from '../accounts/company.js';
import type { User } from '../accounts/user.js';

@Injectable()
export class GroupAdapter extends MaestranoGroupAdapter<Company, User> {
  constructor(private readonly accounts: AccountsService) {
    super();
  }

  override findOrCreateGroup(profile: GroupProfile): Company {
    return (
      this.accounts.findCompany(profile.marketplace, profile.uid) ??
      this.accounts.createCompany({
        marketplace: profile.marketplace,
        uid: profile.uid,
        name: profile.name ?? profile.uid,
      })
    );
  }

  override hasMember(company: Company, user: User): boolean {
    return company.members.has(user.id);
  }

  override addMember(company: Company, user: User, membership: MembershipProfile): void {
    company.members.set(user.id, membership.role);
  }

  override updateMember(company: Company, user: User, membership: MembershipProfile): void {
    company.members.set(user.id, membership.role);
  }

  override removeMember({ marketplace, groupUid, userUid }: MembershipReference): void {
    const company = this.accounts.findCompany(marketplace, groupUid);
    const user = this.accounts.findUser(marketplace, userUid);
    if (company && user) company.members.delete(user.id);
  }

  override deleteGroup({ marketplace, groupUid }: GroupReference): void {
    this.accounts.deleteCompany(marketplace, groupUid);
  }
}

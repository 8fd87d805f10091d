import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { MaestranoSessionData } from 'nestjs-maestrano';

import { AccountsService } from '../accounts/accounts.service.js';
import type { Company, User } from '../database/database.js';
import type { Visitor } from './page.js';

/** Who is signed in, as the application knows them. */
export interface SignedIn {
  readonly user: User;
  readonly company: Company;
  readonly visitor: Visitor;
}

@Injectable()
export class SignedInService {
  constructor(private readonly accounts: AccountsService) {}

  /** @throws UnauthorizedException where person or company are gone. */
  async of({ marketplace, maskedUserUid, groupUid }: MaestranoSessionData): Promise<SignedIn> {
    const [user, company] = await Promise.all([
      this.accounts.findUser(marketplace, maskedUserUid),
      this.accounts.findCompany(marketplace, groupUid),
    ]);
    if (!user || !company) throw new UnauthorizedException();
    return { user, company, visitor: { name: user.name, company: company.name } };
  }
}

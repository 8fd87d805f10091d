import { ForbiddenException, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { MaestranoSessionData } from 'nestjs-maestrano';

import { AccountsService } from '../accounts/accounts.service.js';
import type { Company, User } from '../database/entities.js';
import type { Visitor } from './page.js';

/** Somebody who is signed in; the company is null for whom the last one removed. */
export interface Here {
  readonly user: User;
  readonly company: Company | null;
  readonly visitor: Visitor;
}

/** Somebody, and the company that they work for at the moment. */
export interface AtWork extends Here {
  readonly company: Company;
}

/** Who sent a request, through a marketplace or with a password. */
@Injectable()
export class PeopleHere {
  constructor(private readonly accounts: AccountsService) {}

  async of(request: Request, session: MaestranoSessionData | null): Promise<Here> {
    const user = request.user as User;
    const company = await this.accounts.companyFor(user, session);
    const visitor = {
      name: user.name,
      company: company?.name ?? 'no company',
      marketplace: session?.marketplace ?? null,
    };
    return { user, company, visitor };
  }

  /** @throws ForbiddenException for people without a company. */
  async atWork(request: Request, session: MaestranoSessionData | null): Promise<AtWork> {
    const { company, ...here } = await this.of(request, session);
    if (!company) throw new ForbiddenException('You belong to no company here any more.');
    return { ...here, company };
  }
}

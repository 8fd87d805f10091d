import { Injectable } from '@nestjs/common';
import { MaestranoUserAdapter, type UserProfile } from 'nestjs-maestrano';

import { AccountsService } from '../accounts/accounts.service.js';
import type { User } from '../database/entities.js';

@Injectable()
export class UserAdapter extends MaestranoUserAdapter<User> {
  constructor(private readonly accounts: AccountsService) {
    super();
  }

  override findOrCreateUser(profile: UserProfile): Promise<User> {
    return this.accounts.findOrCreateUser(profile);
  }
}

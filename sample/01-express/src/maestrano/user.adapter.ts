import { Injectable } from '@nestjs/common';
import { MaestranoUserAdapter, type UserProfile } from 'nestjs-maestrano';

import { AccountsService } from '../accounts/accounts.service.js';
import type { User } from '../accounts/user.js';

@Injectable()
export class UserAdapter extends MaestranoUserAdapter<User> {
  constructor(private readonly accounts: AccountsService) {
    super();
  }

  override findOrCreateUser(profile: UserProfile): User {
    return (
      this.accounts.findUser(profile.marketplace, profile.uid) ??
      this.accounts.createUser({
        marketplace: profile.marketplace,
        uid: profile.uid,
        name: [profile.firstName, profile.lastName].filter(Boolean).join(' ') || profile.uid,
        email: profile.email,
      })
    );
  }
}

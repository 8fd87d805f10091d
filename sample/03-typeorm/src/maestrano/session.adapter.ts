import { Injectable } from '@nestjs/common';
import { type AdapterContext, type CompletedLogin, MaestranoSessionAdapter } from 'nestjs-maestrano';

import { signInTo, signOutOf } from '../auth/passport.js';
import type { Company, User } from '../database/entities.js';

/** A login through a marketplace is one to Passport as well, and ends with it. */
@Injectable()
export class SessionAdapter extends MaestranoSessionAdapter<User, Company> {
  override signIn({ user }: CompletedLogin<User, Company>, { request }: AdapterContext): Promise<void> {
    return signInTo(request, user);
  }

  override signOut({ request }: AdapterContext): Promise<void> {
    return signOutOf(request);
  }
}

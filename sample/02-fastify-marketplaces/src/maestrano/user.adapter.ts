import { Injectable } from '@nestjs/common';
import { MaestranoUserAdapter, type UserProfile } from 'nestjs-maestrano';

import { DirectoryService, type Person } from './directory.service.js';

@Injectable()
export class UserAdapter extends MaestranoUserAdapter<Person> {
  constructor(private readonly directory: DirectoryService) {
    super();
  }

  override findOrCreateUser({ marketplace, uid, email, firstName, lastName }: UserProfile): Person {
    const name = [firstName, lastName].filter((part) => part !== null).join(' ') || uid;
    return this.directory.ensurePerson({ marketplace, uid, name, email });
  }
}

import { Injectable } from '@nestjs/common';

import { MaestranoUserAdapter } from '../adapters/maestrano-user.adapter.js';
import type { UserProfile } from '../interfaces/profiles.interface.js';

/** Keeps users in memory, and every profile it was called with. */
@Injectable()
export class RecordingUserAdapter extends MaestranoUserAdapter<UserProfile> {
  /** Profiles in the order of the calls. */
  readonly calls: UserProfile[] = [];
  /** By `<marketplace>/<uid>`. */
  readonly users = new Map<string, UserProfile>();

  override findOrCreateUser(profile: UserProfile): UserProfile {
    this.calls.push(profile);
    this.users.set(`${profile.marketplace}/${profile.uid}`, profile);
    return profile;
  }
}

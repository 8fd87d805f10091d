import { Injectable } from '@nestjs/common';

import {
  type GroupReference,
  MaestranoGroupAdapter,
  type MembershipReference,
} from '../adapters/maestrano-group.adapter.js';
import type { GroupProfile, MembershipProfile, UserProfile } from '../interfaces/profiles.interface.js';

/** A call of the group adapter: the method, and what it was called with. */
export type RecordedGroupCall =
  | { readonly method: 'findOrCreateGroup'; readonly profile: GroupProfile }
  | { readonly method: 'addMember' | 'updateMember'; readonly membership: MembershipProfile }
  | { readonly method: 'removeMember'; readonly reference: MembershipReference }
  | { readonly method: 'deleteGroup'; readonly reference: GroupReference };

/** Keeps companies and memberships in memory, and every call. */
@Injectable()
export class RecordingGroupAdapter extends MaestranoGroupAdapter<GroupProfile, UserProfile> {
  /** In the order of the calls. */
  readonly calls: RecordedGroupCall[] = [];
  /** By `<marketplace>/<uid>`. */
  readonly groups = new Map<string, GroupProfile>();
  /** Role by `<marketplace>/<group uid>/<user uid>`. */
  readonly members = new Map<string, string>();

  override findOrCreateGroup(profile: GroupProfile): GroupProfile {
    this.calls.push({ method: 'findOrCreateGroup', profile });
    this.groups.set(`${profile.marketplace}/${profile.uid}`, profile);
    return profile;
  }

  override hasMember(group: GroupProfile, user: UserProfile): boolean {
    return this.members.has(`${group.marketplace}/${group.uid}/${user.uid}`);
  }

  override addMember(_group: GroupProfile, _user: UserProfile, membership: MembershipProfile): void {
    this.calls.push({ method: 'addMember', membership });
    this.#keep(membership);
  }

  override updateMember(_group: GroupProfile, _user: UserProfile, membership: MembershipProfile): void {
    this.calls.push({ method: 'updateMember', membership });
    this.#keep(membership);
  }

  override removeMember(reference: MembershipReference): void {
    this.calls.push({ method: 'removeMember', reference });
    this.members.delete(`${reference.marketplace}/${reference.groupUid}/${reference.userUid}`);
  }

  override deleteGroup(reference: GroupReference): void {
    this.calls.push({ method: 'deleteGroup', reference });
    const group = `${reference.marketplace}/${reference.groupUid}`;
    this.groups.delete(group);
    for (const member of this.members.keys()) if (member.startsWith(`${group}/`)) this.members.delete(member);
  }

  #keep({ marketplace, groupUid, userUid, role }: MembershipProfile): void {
    this.members.set(`${marketplace}/${groupUid}/${userUid}`, role);
  }
}

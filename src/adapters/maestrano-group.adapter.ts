import type { AdapterContext } from '../interfaces/adapter-context.interface.js';
import type { GroupProfile, MembershipProfile } from '../interfaces/profiles.interface.js';

/** The group that a webhook speaks of. */
export interface GroupReference {
  readonly marketplace: string;
  readonly groupUid: string;
}

/** The membership that a webhook ends. */
export interface MembershipReference extends GroupReference {
  /** Masked by the creation mode: the identifier the application stored. */
  readonly userUid: string;
  /** The platform's own identifier. */
  readonly realUserUid: string;
}

/**
 * How the application keeps customer companies and who belongs to them. Extend it, and name the class in the
 * `groupAdapter` extra; the abstract class is also the injection token.
 *
 * @typeParam Group the application's own company.
 * @typeParam User the application's own user.
 */
export abstract class MaestranoGroupAdapter<Group = unknown, User = unknown> {
  /** The company of `(profile.provider, profile.marketplace, profile.uid)`, created when there is none. */
  abstract findOrCreateGroup(profile: GroupProfile, context: AdapterContext): Promise<Group> | Group;

  /** Whether the user already belongs to the company. Asked at every login, after both were found or created. */
  abstract hasMember(group: Group, user: User, context: AdapterContext): Promise<boolean> | boolean;

  /** Makes the user a member with `membership.role`. Called when {@link MaestranoGroupAdapter.hasMember} says no. */
  abstract addMember(
    group: Group,
    user: User,
    membership: MembershipProfile,
    context: AdapterContext,
  ): Promise<void> | void;

  /** Called at the login of somebody who is a member already: the role may have changed. Does nothing by default. */
  updateMember(
    _group: Group,
    _user: User,
    _membership: MembershipProfile,
    _context: AdapterContext,
  ): Promise<void> | void {}

  /**
   * The person left the company (protocol §6.4): end the membership, and block the account when it was the last
   * one. An unknown membership is a success: the platform may repeat itself.
   */
  abstract removeMember(reference: MembershipReference, context: AdapterContext): Promise<void> | void;

  /**
   * The company cancelled the application (protocol §6.4): stop billing and data access. An unknown company is a
   * success: the platform may repeat itself.
   */
  abstract deleteGroup(reference: GroupReference, context: AdapterContext): Promise<void> | void;

  /**
   * Called before {@link MaestranoGroupAdapter.deleteGroup}, for an export while the marketplace still knows the group,
   * and to note what is left to charge. A charge in here would let the deletion fail with the marketplace's billing.
   * Does nothing by default.
   */
  beforeGroupDeletion(_reference: GroupReference, _context: AdapterContext): Promise<void> | void {}
}

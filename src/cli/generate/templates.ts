/** Name of the module that the wiring goes through, so that the application's own module gets one line. */
export const INTEGRATION_MODULE = 'MaestranoIntegrationModule';

/** The files of an integration by name; `suffix` is what relative imports of the application end in. */
export function integrationFiles(suffix: '' | '.js'): ReadonlyMap<string, string> {
  return new Map([
    ['user.adapter.ts', USER_ADAPTER],
    ['group.adapter.ts', GROUP_ADAPTER.replaceAll('{suffix}', suffix)],
    ['maestrano-integration.module.ts', MODULE.replaceAll('{suffix}', suffix)],
  ]);
}

const USER_ADAPTER = `import { Injectable } from '@nestjs/common';
import { MaestranoUserAdapter, type UserProfile } from 'nestjs-maestrano';

/** Your user. Replace it with your entity. */
export interface AppUser {
  readonly provider: string;
  readonly marketplace: string;
  readonly uid: string;
  readonly email: string | null;
}

/** Finds or creates your users. Keeps them in memory until you connect your database. */
@Injectable()
export class UserAdapter extends MaestranoUserAdapter<AppUser> {
  private readonly users = new Map<string, AppUser>();

  override findOrCreateUser(profile: UserProfile): AppUser {
    // Provider, marketplace and uid together identify a person; an e-mail address does not.
    const key = \`\${profile.provider}/\${profile.marketplace}/\${profile.uid}\`;
    const { provider, marketplace, uid, email } = profile;
    const user = this.users.get(key) ?? { provider, marketplace, uid, email };
    this.users.set(key, user);
    return user;
  }
}
`;

const GROUP_ADAPTER = `import { Injectable } from '@nestjs/common';
import {
  type GroupProfile,
  type GroupReference,
  MaestranoGroupAdapter,
  type MembershipProfile,
  type MembershipReference,
} from 'nestjs-maestrano';
import type { AppUser } from './user.adapter{suffix}';

/** Your customer company. Replace it with your entity. */
export interface AppGroup {
  readonly marketplace: string;
  readonly uid: string;
  readonly name: string | null;
  /** Role by uid of the user. */
  readonly members: Map<string, string>;
}

/** Keeps your customer companies and who belongs to them. In memory until you connect your database. */
@Injectable()
export class GroupAdapter extends MaestranoGroupAdapter<AppGroup, AppUser> {
  private readonly groups = new Map<string, AppGroup>();

  override findOrCreateGroup({ marketplace, uid, name }: GroupProfile): AppGroup {
    const key = \`\${marketplace}/\${uid}\`;
    const group = this.groups.get(key) ?? { marketplace, uid, name, members: new Map<string, string>() };
    this.groups.set(key, group);
    return group;
  }

  override hasMember(group: AppGroup, user: AppUser): boolean {
    return group.members.has(user.uid);
  }

  override addMember(group: AppGroup, user: AppUser, membership: MembershipProfile): void {
    group.members.set(user.uid, membership.role);
  }

  /** Also for somebody who is no member any more: the platform may repeat itself. */
  override removeMember({ marketplace, groupUid, userUid }: MembershipReference): void {
    this.groups.get(\`\${marketplace}/\${groupUid}\`)?.members.delete(userUid);
  }

  /** The company cancelled: stop billing and data access. */
  override deleteGroup({ marketplace, groupUid }: GroupReference): void {
    this.groups.delete(\`\${marketplace}/\${groupUid}\`);
  }
}
`;

const MODULE = `import { Module } from '@nestjs/common';
import { MaestranoModule } from 'nestjs-maestrano';
import { GroupAdapter } from './group.adapter{suffix}';
import { UserAdapter } from './user.adapter{suffix}';

/** Connects the application to its marketplaces, which the developer platform names (MNO_DEVPL_* variables). */
@Module({
  imports: [
    MaestranoModule.forRootAsync({
      userAdapter: UserAdapter,
      groupAdapter: GroupAdapter,
      // Modules whose providers the adapters inject.
      imports: [],
      useFactory: () => ({
        session: { secret: process.env['MAESTRANO_SESSION_SECRET'] ?? '' },
        sso: { homeUrl: '/' },
      }),
    }),
  ],
})
export class ${INTEGRATION_MODULE} {}
`;

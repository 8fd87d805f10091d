import { CliError } from '../../errors/cli.error.js';
import { ormTemplates, type OrmName } from './orm/orm.js';

/** Name of the module that the wiring goes through, so that the application's own module gets one line. */
export const INTEGRATION_MODULE = 'MaestranoIntegrationModule';

/** Names of the kinds of sessions. */
export const SESSION_KINDS = ['own', 'passport'] as const;

/** Who signs people in to the application: our session alone, or Passport beside it. */
export type SessionKind = (typeof SESSION_KINDS)[number];

/**
 * The kind that a user names.
 *
 * @throws CliError `cli.usage`
 */
export function sessionKindOf(name: string): SessionKind {
  if (name === 'own' || name === 'passport') return name;
  throw new CliError('cli.usage', {
    message: `There is no session of the kind "${name}".`,
    remedy: 'Write own or passport.',
  });
}

/** What the files depend on. */
export interface TemplateOptions {
  /** What relative imports of the application end in. */
  readonly suffix: '' | '.js';
  readonly session: SessionKind;
  /** The library that adapters and store reach the database by; null for adapters in memory. */
  readonly orm: OrmName | null;
}

/** The files of an integration by name. */
export function integrationFiles({ suffix, session, orm }: TemplateOptions): ReadonlyMap<string, string> {
  const isPassport = session === 'passport';
  const templates = orm && ormTemplates(orm);
  const executor = templates && /^\w+/.exec(templates.executor)![0];
  const parts: Readonly<Record<string, string>> = {
    '{sessionImport}': isPassport ? "import { SessionAdapter } from './session.adapter{suffix}';\n" : '',
    '{sessionAdapter}': isPassport ? '      sessionAdapter: SessionAdapter,\n' : '',
    '{storeImport}': templates
      ? `import { SqlStore, ${executor} } from 'nestjs-maestrano/sql';\n${templates.imports}`
      : '',
    '{inject}': templates ? `      inject: [${templates.inject}],\n` : '',
    '{parameter}': templates?.parameter ?? '',
    '{store}': templates ? `        store: new SqlStore(${templates.executor}),\n` : '',
  };
  const module = Object.entries(parts).reduce((text, [place, part]) => text.replace(place, part), MODULE);
  const adapters = templates?.files ?? {
    'user.adapter.ts': USER_ADAPTER,
    'group.adapter.ts': GROUP_ADAPTER,
  };
  const files: [name: string, text: string][] = [
    ...Object.entries(adapters),
    ...(isPassport ? [['session.adapter.ts', PASSPORT_ADAPTER] as [string, string]] : []),
    ['maestrano-integration.module.ts', module],
  ];
  return new Map(files.map(([name, text]) => [name, text.replaceAll('{suffix}', suffix)]));
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

const PASSPORT_ADAPTER = `import { Injectable } from '@nestjs/common';
import { type AdapterContext, type CompletedLogin, MaestranoSessionAdapter } from 'nestjs-maestrano';
import type { AppGroup } from './group.adapter{suffix}';
import type { AppUser } from './user.adapter{suffix}';

type Done = (error?: unknown) => void;

/** What Passport adds to a request. */
interface PassportRequest {
  logIn(user: AppUser, options: { keepSessionInfo: boolean }, done: Done): void;
  logOut(options: { keepSessionInfo: boolean }, done: Done): void;
}

/** Signs people in to Passport. The Maestrano session is kept beside it, because single logout needs it. */
@Injectable()
export class SessionAdapter extends MaestranoSessionAdapter<AppUser, AppGroup> {
  override signIn({ user }: CompletedLogin<AppUser, AppGroup>, { request }: AdapterContext): Promise<void> {
    // Without keepSessionInfo, Passport would end the Maestrano session that has just begun.
    return finished((done) => (request as PassportRequest).logIn(user, { keepSessionInfo: true }, done));
  }

  override signOut({ request }: AdapterContext): Promise<void> {
    return finished((done) => (request as PassportRequest).logOut({ keepSessionInfo: true }, done));
  }
}

function finished(work: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())));
}
`;

const MODULE = `import { Module } from '@nestjs/common';
import { MaestranoModule } from 'nestjs-maestrano';
{storeImport}import { GroupAdapter } from './group.adapter{suffix}';
{sessionImport}import { UserAdapter } from './user.adapter{suffix}';

/** Connects the application to its marketplaces, which the developer platform names (MNO_DEVPL_* variables). */
@Module({
  imports: [
    MaestranoModule.forRootAsync({
      userAdapter: UserAdapter,
      groupAdapter: GroupAdapter,
{sessionAdapter}      // Modules whose providers the adapters inject.
      imports: [],
{inject}      useFactory: ({parameter}) => ({
{store}        session: { secret: process.env['MAESTRANO_SESSION_SECRET'] ?? '' },
        sso: { homeUrl: '/' },
      }),
    }),
  ],
})
export class ${INTEGRATION_MODULE} {}
`;

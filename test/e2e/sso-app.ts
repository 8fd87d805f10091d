import {
  Controller,
  Get,
  Injectable,
  Module,
  Redirect,
  Req,
  Res,
  type Type,
  UseGuards,
} from '@nestjs/common';
import type { INestApplication, LoggerService } from '@nestjs/common';

import {
  CurrentMarketplace,
  ForMarketplace,
  type GroupProfile,
  type GroupReference,
  MaestranoGroupAdapter,
  MaestranoModule,
  type MaestranoModuleExtras,
  type MaestranoModuleOptions,
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
  MaestranoUserAdapter,
  type Marketplace,
  type MarketplacesInput,
  type MembershipReference,
  SsoService,
  type UserProfile,
} from '../../src/index.js';
import type { Sandbox } from '../../src/sandbox/index.js';
import { freePort } from '../support/free-port.js';
import { type BootedApp, bootApp, type HttpAdapterName } from '../support/http-adapters.js';

/** The application's people and companies, and what the adapters were told. */
@Injectable()
export class Accounts {
  readonly users = new Map<string, string>();
  readonly members = new Set<string>();
}

@Injectable()
export class UserAdapter extends MaestranoUserAdapter<string> {
  constructor(private readonly accounts: Accounts) {
    super();
  }

  override findOrCreateUser(profile: UserProfile): string {
    const key = `${profile.marketplace}/${profile.uid}`;
    this.accounts.users.set(key, `${profile.firstName} ${profile.lastName}`);
    return key;
  }
}

@Injectable()
class GroupAdapter extends MaestranoGroupAdapter<string, string> {
  constructor(private readonly accounts: Accounts) {
    super();
  }

  override findOrCreateGroup(profile: GroupProfile): string {
    return `${profile.marketplace}/${profile.uid}`;
  }

  override hasMember(group: string, user: string): boolean {
    return this.accounts.members.has(`${group} ${user}`);
  }

  override addMember(group: string, user: string): void {
    this.accounts.members.add(`${group} ${user}`);
  }

  override removeMember({ marketplace, groupUid, userUid }: MembershipReference): void {
    this.accounts.members.delete(`${marketplace}/${groupUid} ${marketplace}/${userUid}`);
  }

  override deleteGroup({ marketplace, groupUid }: GroupReference): void {
    for (const member of this.accounts.members) {
      if (member.startsWith(`${marketplace}/${groupUid} `)) this.accounts.members.delete(member);
    }
  }
}

interface Visitor {
  session?: { visits?: number } | null;
}

/** An application with a public page, pages for people who are signed in, and a way out. */
@Controller()
class PagesController {
  constructor(private readonly sso: SsoService) {}

  /** Leaves something in the application's own session before anybody signs in. */
  @Get('public')
  visit(@Req() request: Visitor): object {
    if (request.session) request.session.visits = (request.session.visits ?? 0) + 1;
    return { visits: request.session?.visits ?? null };
  }

  @Get('me')
  @UseGuards(MaestranoSessionGuard)
  me(
    @MaestranoSession() session: MaestranoSessionData,
    @CurrentMarketplace() marketplace: Marketplace,
  ): object {
    return {
      user: session.maskedUserUid,
      group: session.groupUid,
      marketplace: marketplace.name,
      recheckAt: session.recheckAt,
    };
  }

  /** A page for each marketplace, as applications have them whose customers come through several. */
  @Get('of/:marketplace')
  @UseGuards(MaestranoSessionGuard)
  @ForMarketplace({ param: 'marketplace' })
  of(@MaestranoSession() session: MaestranoSessionData): string {
    return `${session.userUid} through ${session.marketplace}`;
  }

  @Get('sign-out')
  @Redirect()
  async leave(
    @Req() request: unknown,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<{ url: string }> {
    return { url: (await this.sso.signOut(request, response)) ?? '/public' };
  }
}

@Module({ providers: [Accounts], exports: [Accounts] })
class AccountsModule {}

/** What a test may change about the application. */
export interface SsoAppOptions {
  readonly options?: Partial<MaestranoModuleOptions>;
  readonly extras?: MaestranoModuleExtras;
  readonly controllers?: readonly Type[];
  readonly prepare?: (app: INestApplication) => void | Promise<void>;
  readonly logger?: LoggerService;
  /** Where it listens; where the sandbox looks for it, unless it is a second instance. */
  readonly port?: number;
}

/** Boots the application where the sandbox's marketplaces expect it. */
export async function bootSsoApp(
  httpAdapter: HttpAdapterName,
  sandbox: Pick<Sandbox, 'options' | 'setAppUrl'>,
  { options, extras, controllers = [], prepare, logger, port }: SsoAppOptions = {},
): Promise<BootedApp> {
  const own = port ?? (await freePort());
  if (port === undefined) sandbox.setAppUrl(`http://127.0.0.1:${own}`);
  const maestrano = MaestranoModule.forRoot({
    marketplaces: sandbox.options.marketplaces as object as MarketplacesInput,
    session: { secret: 'a secret of more than thirty-two characters' },
    imports: [AccountsModule],
    userAdapter: UserAdapter,
    groupAdapter: GroupAdapter,
    ...options,
    ...extras,
  });
  const root = {
    module: class AppModule {},
    imports: [maestrano],
    controllers: [PagesController, ...controllers],
  };
  return bootApp(httpAdapter, root, {
    port: own,
    ...(prepare ? { prepare } : {}),
    ...(logger ? { logger } : {}),
  });
}

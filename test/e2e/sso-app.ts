import { Controller, Get, Redirect, Req, Res, UseGuards } from '@nestjs/common';

import {
  CurrentMarketplace,
  ForMarketplace,
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
  type Marketplace,
  SsoService,
} from '../../src/index.js';
import type { Sandbox } from '../../src/sandbox/index.js';
import type { HttpAdapterName } from '../support/http-adapters.js';
import {
  type TestApplication,
  testApplication,
  type TestApplicationOptions,
} from '../support/application.js';

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

/** What a test may change about the application. */
export type SsoAppOptions = Omit<TestApplicationOptions, 'httpAdapter' | 'sandbox'>;

/** Boots the application where the sandbox's marketplaces expect it. */
export function bootSsoApp(
  httpAdapter: HttpAdapterName,
  sandbox: Pick<Sandbox, 'options' | 'setAppUrl'>,
  { controllers = [], ...given }: SsoAppOptions = {},
): Promise<TestApplication> {
  return testApplication({
    httpAdapter,
    sandbox,
    controllers: [PagesController, ...controllers],
    ...given,
  });
}

import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

import {
  MaestranoModule,
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
} from '../../src/index.js';
import {
  RecordingGroupAdapter,
  RecordingUserAdapter,
  startTestApplication,
} from '../../src/testing/index.js';
import { SESSION_SECRET } from '../support/application.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

@Controller('dashboard')
@UseGuards(MaestranoSessionGuard)
class DashboardController {
  @Get()
  show(@MaestranoSession() { userUid, groupUid }: MaestranoSessionData): object {
    return { userUid, groupUid };
  }
}

/** As an application is written: its marketplaces come from the developer platform, which the environment names. */
@Module({
  imports: [
    MaestranoModule.forRootAsync({
      userAdapter: RecordingUserAdapter,
      groupAdapter: RecordingGroupAdapter,
      useFactory: () => ({
        developerPlatform: true,
        session: { secret: SESSION_SECRET },
        sso: { homeUrl: '/dashboard' },
      }),
    }),
  ],
  controllers: [DashboardController],
})
class AppModule {}

const QUIET = { logger: false, abortOnError: false, forceCloseConnections: true } as const;

describe.each(HTTP_ADAPTERS)('a whole application in a test, on %s', (name) => {
  const create = () =>
    NestFactory.create(AppModule, name === 'express' ? new ExpressAdapter() : new FastifyAdapter(), QUIET);

  it('is signed in to, looked at, and told by its marketplace', async () => {
    const before = process.env['MNO_DEVPL_HOST'];
    await using test = await startTestApplication(create);
    expect(process.env['MNO_DEVPL_HOST']).toBe(before);
    const cookie = await test.signIn({ user: 'usr-1', group: 'cld-1' });
    const page = await test.request('/dashboard', { cookie });
    expect(await page.json()).toEqual({ userUid: 'usr-1', groupUid: 'cld-1' });
    expect((await test.request('/dashboard')).status).not.toBe(200);

    const [delivery] = await test.sandbox.webhooks.deleteGroup('cld-1');
    expect(delivery?.status).toBe(200);
    expect((await test.request('/dashboard', { cookie })).status).not.toBe(200);

    test.sandbox.marketplaces.rotateKey('maestrano-uat');
    expect(await test.refresh()).toMatchObject({ marketplaces: 2, problems: [] });
  });

  it('says where a login ended that let nobody in', async () => {
    await using test = await startTestApplication(create, { scenario: 'two-marketplaces' });
    test.app.get(RecordingUserAdapter, { strict: false }).findOrCreateUser = () => {
      throw new Error('no such table');
    };
    await expect(test.signIn()).rejects.toThrow(
      /^The login ended at \S+\/auth\/saml\/consume\/\S+ without a cookie:\nGET /,
    );
  });

  it('leaves nothing open when it does not start', async () => {
    await expect(
      startTestApplication(() => {
        throw new Error('main.ts is wrong');
      }),
    ).rejects.toThrow('main.ts is wrong');
  });
});

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, type INestApplication, UseGuards } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';

import {
  BillingService,
  MaestranoGroupAdapter,
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
  MarketplaceRegistry,
} from '../../../src/index.js';
import {
  basicAuthHeader,
  MaestranoTestingModule,
  RecordingGroupAdapter,
  RecordingUserAdapter,
  ScriptedHttp,
  signInCookie,
  TestIdentityProvider,
  testMarketplace,
} from '../../../src/testing/index.js';
import { HTTP_ADAPTERS, type HttpAdapterName } from '../../support/http-adapters.js';

@Controller('me')
@UseGuards(MaestranoSessionGuard)
class MeController {
  @Get()
  me(@MaestranoSession() session: MaestranoSessionData): object {
    return { user: session.userUid, group: session.groupUid, marketplace: session.marketplace };
  }
}

let app: INestApplication | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function boot(
  httpAdapter: HttpAdapterName,
  options: Parameters<typeof MaestranoTestingModule.forRoot>[0] = {},
) {
  const moduleRef = await Test.createTestingModule({
    imports: [MaestranoTestingModule.forRoot(options)],
    controllers: [MeController],
  }).compile();
  moduleRef.useLogger(false);
  app =
    httpAdapter === 'fastify'
      ? moduleRef.createNestApplication(new FastifyAdapter())
      : moduleRef.createNestApplication();
  await app.init();
  if (httpAdapter === 'fastify') await app.getHttpAdapter().getInstance().ready();
  return { app, server: app.getHttpServer() };
}

async function startLogin(
  { app: booted, server }: Awaited<ReturnType<typeof boot>>,
  ...answer: Parameters<TestIdentityProvider['respond']> extends [string, ...infer Rest] ? Rest : never
) {
  const init = await request(server).get('/maestrano/auth/saml/init/test');
  const form = {
    SAMLResponse: booted.get(TestIdentityProvider).respond(init.headers['location']!, ...answer),
  };
  return request(server).post('/maestrano/auth/saml/consume/test').type('form').send(form);
}

describe.each(HTTP_ADAPTERS)('MaestranoTestingModule on %s', (httpAdapter) => {
  it('signs somebody in without any identity provider, and records what the adapters were called with', async () => {
    const booted = await boot(httpAdapter);
    const consumed = await startLogin(booted, {
      userUid: 'usr-7',
      groupUid: 'cld-7',
      role: 'Power User',
      attributes: { group_name: 'Ämter & <Söhne>' },
    });
    expect(consumed.status).toBe(303);
    const cookie = (consumed.headers['set-cookie'] as unknown as string[])
      .map((line) => line.split(';')[0])
      .join('; ');
    const me = await request(booted.server).get('/me').set('Cookie', cookie);
    expect(me.body).toEqual({ user: 'usr-7', group: 'cld-7', marketplace: 'test' });
    expect(booted.app.get(RecordingUserAdapter).calls).toMatchObject([{ uid: 'usr-7', firstName: 'Terry' }]);
    const groups = booted.app.get(RecordingGroupAdapter);
    expect(groups.calls.map(({ method }) => method)).toEqual(['findOrCreateGroup', 'addMember']);
    expect(groups.groups.get('test/cld-7')?.name).toBe('Ämter & <Söhne>');
    expect(groups.members.get('test/cld-7/usr-7')).toBe('Power User');
    expect(booted.app.get(MaestranoGroupAdapter)).toBe(groups);
  });

  it.each([
    ['another audience', { audience: 'https://elsewhere.example' }],
    ['another request', { inResponseTo: '_unknown' }],
    ['an answer that is over', { notOnOrAfter: '2020-01-01T00:00:00Z' }],
    ['a failure', { status: 'urn:oasis:names:tc:SAML:2.0:status:Responder' }],
  ])('refuses %s', async (_name, changes) => {
    const booted = await boot(httpAdapter);
    expect((await startLogin(booted, {}, changes)).headers['set-cookie']).toBeUndefined();
    expect(booted.app.get(RecordingUserAdapter).calls).toEqual([]);
  });

  it('calls webhooks with the marketplace’s credentials', async () => {
    const { app: booted, server } = await boot(httpAdapter);
    const authorization = basicAuthHeader(booted.get(MarketplaceRegistry).get('test'));
    expect(authorization).toBe(basicAuthHeader(testMarketplace()));
    await request(server)
      .delete('/maestrano/account/groups/cld-1/test')
      .set('Authorization', authorization)
      .expect(200);
    await request(server).delete('/maestrano/account/groups/cld-1/test').expect(401);
    expect(booted.get(RecordingGroupAdapter).calls).toEqual([
      { method: 'deleteGroup', reference: { marketplace: 'test', groupUid: 'cld-1' } },
    ]);
  });

  it('opens pages behind the guard with a cookie made in the test', async () => {
    const { app: booted, server } = await boot(httpAdapter, {
      marketplaces: [
        testMarketplace('one', { sso: { x509Fingerprint: 'ab'.repeat(32) } }),
        testMarketplace('two'),
      ],
      defaultMarketplace: 'one',
    });
    const cookie = await signInCookie(booted, { userUid: 'usr-3', groupUid: 'cld-3' });
    const me = await request(server).get('/me').set('Cookie', cookie);
    expect(me.body).toEqual({ user: 'usr-3', group: 'cld-3', marketplace: 'one' });
    await request(server).get('/me').expect(401);
  });

  it('responds to outgoing calls as scripted, and opens no connection', async () => {
    const { app: booted } = await boot(httpAdapter);
    const http = booted.get(ScriptedHttp);
    http.reply(
      'GET account/bills/:id',
      {
        json: {
          success: true,
          errors: {},
          data: { object: 'account_bill', id: 'bill-1', price_cents: 1500 },
        },
      },
      ({ path }) => ({
        status: 404,
        json: { success: false, errors: { id: ['does not exist'] }, data: { path } },
      }),
    );
    const { bills } = booted.get(BillingService);
    expect(await bills.retrieve('bill-1')).toMatchObject({ id: 'bill-1', priceCents: 1500 });
    await expect(bills.retrieve('bill-2')).rejects.toMatchObject({ code: 'account.notFound' });
    expect(http.calls).toEqual([
      {
        target: 'test',
        operation: 'GET account/bills/:id',
        path: expect.stringMatching(/bills\/bill-1$/),
        body: undefined,
      },
      {
        target: 'test',
        operation: 'GET account/bills/:id',
        path: expect.stringMatching(/bills\/bill-2$/),
        body: undefined,
      },
    ]);
    http.reset();
    await expect(bills.retrieve('bill-1')).rejects.toMatchObject({ code: 'http.connection', sent: 'no' });
  });
});

describe('a start that needs the developer platform', () => {
  const developerPlatform = { host: 'https://platform.example', apiKey: 'key-id', apiSecret: 'key-word' };
  const compile = (): Promise<unknown> =>
    Test.createTestingModule({
      imports: [MaestranoTestingModule.forRoot({ marketplaces: [], developerPlatform })],
    })
      .setLogger({ log: () => undefined, error: () => undefined, warn: () => undefined })
      .compile();

  it('says what nobody scripted, instead of trying again until the runner gives up', async () => {
    const request = jest.spyOn(ScriptedHttp.prototype, 'request');
    await expect(compile()).rejects.toMatchObject({
      code: 'configuration.none',
      message: expect.stringContaining("Call reply('GET marketplaces', { json: … }) on ScriptedHttp."),
    });
    expect(request).toHaveBeenCalledTimes(1);
    request.mockRestore();
  });
});

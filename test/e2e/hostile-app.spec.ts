import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ArgumentsHost,
  Body,
  CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type DynamicModule,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  Inject,
  Injectable,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestModule,
  Post,
  type Provider,
  Scope,
  SetMetadata,
  type Type,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  HttpAdapterHost,
  Reflector,
  REQUEST,
} from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { IsString } from 'class-validator';
import { map, type Observable } from 'rxjs';

import {
  BillingService,
  ConnecHandler,
  ConnecService,
  type GroupReference,
  MaestranoModule,
  type MaestranoModuleExtras,
  MaestranoNotificationAdapter,
  maestranoRoutes,
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
  type UserProfile,
  type MarketplacesInput,
  MarketplaceRegistry,
  type MembershipReference,
} from '../../src/index.js';
import { type Sandbox, type SandboxMarketplaceRecord, startSandbox } from '../../src/sandbox/index.js';
import { RecordingGroupAdapter, RecordingUserAdapter } from '../../src/testing/index.js';
import { type BootedApp, type HttpAdapterName, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { testApplication } from '../support/application.js';

/** What the adapters were told, of all applications of this file. */
const events: string[] = [];
/** What the listener was called with. */
const heard: unknown[] = [];

/** Tells its part of the story in `events`, where adapters of other kinds tell theirs. */
@Injectable()
class Groups extends RecordingGroupAdapter {
  override addMember(...[group, user, membership]: Parameters<RecordingGroupAdapter['addMember']>): void {
    super.addMember(group, user, membership);
    events.push(`add ${user.uid} to ${group.uid}`);
  }
  override removeMember(reference: MembershipReference): void {
    super.removeMember(reference);
    events.push(`remove ${reference.userUid} from ${reference.groupUid}`);
  }
  override deleteGroup(reference: GroupReference): void {
    super.deleteGroup(reference);
    events.push(`delete ${reference.groupUid}`);
  }
}

class Notifications extends MaestranoNotificationAdapter {
  override handle(entity: Readonly<Record<string, unknown>>): void {
    events.push(`notified of ${String(entity['name'])}`);
  }
}

/** Has an interceptor bound to it, so that what is registered globally would run beside it if it could. */
@Injectable()
class Listener {
  @ConnecHandler('organizations')
  @UseInterceptors({ intercept: (_context: ExecutionContext, next: CallHandler) => next.handle() })
  onOrganization({ name }: Readonly<Record<string, unknown>>): void {
    heard.push(name);
  }
}

const Public = (): ClassDecorator & MethodDecorator => SetMetadata('isPublic', true);

class Note {
  @IsString()
  text!: string;
}

@Controller('app')
class AppController {
  @Public()
  @Get('me')
  @UseGuards(MaestranoSessionGuard)
  me(@MaestranoSession() session: MaestranoSessionData): object {
    return { user: session.userUid, group: session.groupUid };
  }

  @Public()
  @Get('home')
  home(): string {
    return 'home';
  }

  @Public()
  @Post('notes')
  note(@Body() note: Note): object {
    return { length: note.text.length };
  }

  @Get('closed')
  closed(): string {
    return 'never';
  }
}

@Injectable()
class DenyAll implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}
  canActivate(context: ExecutionContext): boolean {
    return (
      this.reflector.getAllAndOverride<boolean>('isPublic', [context.getHandler(), context.getClass()]) ??
      false
    );
  }
}

@Injectable()
class Envelope implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Catch()
class HouseFilter implements ExceptionFilter {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}
  catch(error: unknown, host: ArgumentsHost): void {
    const status = error instanceof HttpException ? error.getStatus() : 500;
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { house: status }, status);
  }
}

interface House {
  readonly httpAdapter: HttpAdapterName;
  readonly providers?: Provider[];
  readonly extras?: MaestranoModuleExtras;
  /** Put before the conventional paths on the platform's side. */
  readonly pathPrefix?: string;
  readonly homeUrl?: string;
  readonly moreModules?: (sandbox: Sandbox) => DynamicModule[];
  readonly controllers?: Type[];
  readonly rootClass?: Type;
  readonly prepare?: (app: INestApplication) => void | Promise<void>;
}

let sandbox: Sandbox | undefined;
let booted: BootedApp | undefined;

afterEach(async () => {
  await booted?.close();
  await sandbox?.close();
  booted = undefined;
  sandbox = undefined;
  events.length = 0;
  heard.length = 0;
});

async function open(house: House): Promise<{ sandbox: Sandbox; url: string; app: INestApplication }> {
  const opened = (sandbox = await startSandbox());
  if (house.pathPrefix !== undefined) {
    for (const { name, paths } of opened.marketplaces.list()) {
      const moved = Object.entries(paths).map(([key, path]) => [
        key,
        path === null ? null : house.pathPrefix + String(path),
      ]);
      opened.marketplaces.edit(name, { paths: Object.fromEntries(moved) as typeof paths });
    }
  }
  booted = await testApplication({
    httpAdapter: house.httpAdapter,
    sandbox: opened,
    options: { sso: { homeUrl: house.homeUrl ?? '/app/me' } },
    extras: { groupAdapter: Groups, notificationAdapter: Notifications, ...house.extras },
    imports: house.moreModules?.(opened) ?? [],
    controllers: [AppController, ...(house.controllers ?? [])],
    providers: [Listener, ...(house.providers ?? [])],
    ...(house.rootClass ? { root: house.rootClass } : {}),
    ...(house.prepare ? { prepare: house.prepare } : {}),
  });
  return { sandbox: opened, url: booted.url, app: booted.app };
}

/** What the first marketplace calls us with. */
function credentialsOf(hub: Sandbox): { marketplace: SandboxMarketplaceRecord; authorization: string } {
  const marketplace = hub.marketplaces.list()[0]!;
  const pair = `${marketplace.apiId}:${marketplace.apiKeys[0]}`;
  return { marketplace, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** All that a marketplace does to an application: signs somebody in, notifies, cancels, reads the metadata. */
async function journey(
  { sandbox: hub, url }: { sandbox: Sandbox; url: string },
  { wrap = (value: unknown): unknown => value, metadataPath = '/maestrano/metadata' } = {},
): Promise<void> {
  const login = await hub.login(url, { user: 'usr-1', group: 'cld-1' });
  expect({ status: login.status, body: JSON.parse(login.body) as unknown }).toEqual({
    status: 200,
    body: wrap({ user: 'usr-1', group: 'cld-1' }),
  });
  const notified = await hub.webhooks.notify({
    organizations: [{ id: 'o-1', name: 'Acme', group_id: 'cld-1', updated_at: new Date().toISOString() }],
  });
  const large = await hub.webhooks.notify({
    organizations: [{ id: 'o-2', name: 'Large', group_id: 'cld-1', note: 'x'.repeat(300_000) }],
  });
  const rejected = await hub.webhooks.deleteGroupUser('cld-1', 'usr-1', {
    credentials: 'wrong',
    onlySend: true,
  });
  const removed = await hub.webhooks.deleteGroupUser('cld-1', 'usr-1');
  const cancelled = await hub.webhooks.deleteGroup('cld-1');
  expect([notified, large, rejected, removed, cancelled].map(([delivery]) => delivery?.status)).toEqual([
    200, 200, 401, 200, 200,
  ]);
  expect(events).toEqual([
    'add usr-1 to cld-1',
    'notified of Acme',
    'notified of Large',
    'remove usr-1 from cld-1',
    'delete cld-1',
  ]);
  expect(heard).toEqual(['Acme', 'Large']);
  const { marketplace, authorization } = credentialsOf(hub);
  const metadata = await fetch(`${url}${metadataPath}/${marketplace.name}`, { headers: { authorization } });
  const body = (await metadata.json()) as Record<string, unknown>;
  expect(metadata.status).toBe(200);
  expect(body).toMatchObject({ app: { host: url } });
  expect(JSON.stringify(body)).not.toContain(marketplace.apiKeys[0]!);
}

const exclude = maestranoRoutes();

describe.each(HTTP_ADAPTERS)('a hostile application on %s', (httpAdapter) => {
  it('has a global prefix that the platform knows of', async () => {
    const house = await open({
      httpAdapter,
      pathPrefix: '/api',
      homeUrl: '/api/app/me',
      prepare: (app) => void app.setGlobalPrefix('api'),
    });
    await journey(house, { metadataPath: '/api/maestrano/metadata' });
    const { authorization } = credentialsOf(house.sandbox);
    expect((await fetch(`${house.url}/maestrano/metadata`, { headers: { authorization } })).status).toBe(404);
  });

  it('has a global prefix and excludes us from it', async () => {
    const house = await open({
      httpAdapter,
      homeUrl: '/api/app/me',
      prepare: (app) => void app.setGlobalPrefix('api', { exclude }),
    });
    await journey(house);
  });

  it('versions its URLs, denies all, wraps responses, filters errors, validates strictly and protects itself', async () => {
    const house = await open({
      httpAdapter,
      homeUrl: '/api/v2/app/me',
      providers: [
        { provide: APP_GUARD, useClass: DenyAll },
        { provide: APP_INTERCEPTOR, useClass: Envelope },
        { provide: APP_FILTER, useClass: HouseFilter },
        {
          provide: APP_PIPE,
          useValue: new ValidationPipe({
            whitelist: true,
            forbidNonWhitelisted: true,
            forbidUnknownValues: true,
            transform: true,
          }),
        },
      ],
      extras: { decorators: [Public()] },
      prepare: (app) => {
        app.setGlobalPrefix('api', { exclude });
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '2' });
        app.enableCsrfProtection({ exclude });
        app.useSecurityHeaders();
        app.enableCors();
      },
    });
    await journey(house, { wrap: (data) => ({ data }) });
    const page = (path: string, init?: RequestInit): Promise<Response> => fetch(`${house.url}${path}`, init);
    expect((await page('/api/v2/app/closed')).status).toBe(403);
    expect(await (await page('/api/v2/app/me')).json()).toEqual({ house: 401 });
    const foreign = {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'content-type': 'application/json' },
      body: '{"text":"a"}',
    };
    expect((await page('/api/v2/app/notes', foreign)).status).toBe(403);
    expect(await (await page('/maestrano/nothing/here')).json()).toEqual({ house: 404 });
  });

  it('shuts us out with a deny-all guard unless we are told of it', async () => {
    const house = await open({ httpAdapter, providers: [{ provide: APP_GUARD, useClass: DenyAll }] });
    expect((await fetch(`${house.url}/maestrano/auth/saml/init`, { redirect: 'manual' })).status).toBe(403);
  });

  it('takes small bodies only', async () => {
    const house = await open({
      httpAdapter,
      prepare: (app) => {
        if (httpAdapter === 'express') {
          const express = app as NestExpressApplication;
          express.useBodyParser('json', { limit: '2kb' });
          express.useBodyParser('urlencoded', { limit: '2kb', extended: false });
        } else {
          const fastify = app as NestFastifyApplication;
          fastify.useBodyParser('application/json', { bodyLimit: 2048 });
          fastify.useBodyParser('application/x-www-form-urlencoded', { bodyLimit: 2048 });
        }
      },
    });
    await journey(house);
    const note = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'x'.repeat(5000) }),
    };
    expect((await fetch(`${house.url}/app/notes`, note)).status).toBe(413);
  });

  it('has middleware of its own before everything', async () => {
    const seen: string[] = [];
    @Module({})
    class Root implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer
          .apply(
            (
              request: { originalUrl?: string; url: string },
              response: { setHeader(n: string, v: string): void },
              next: () => void,
            ) => {
              seen.push(request.originalUrl ?? request.url);
              response.setHeader('x-house', 'yes');
              next();
            },
          )
          .forRoutes('{*path}');
      }
    }
    const house = await open({ httpAdapter, rootClass: Root });
    await journey(house);
    expect(seen.some((url) => url.startsWith('/maestrano/auth/saml/init'))).toBe(true);
  });

  it('leaves the application’s other routes alone, 404s and prefix neighbours included', async () => {
    @Controller('maestrano')
    class Neighbour {
      @Get('about')
      about(): string {
        return 'ours';
      }
    }
    const { url } = await open({ httpAdapter, controllers: [Neighbour] });
    expect(await (await fetch(`${url}/maestrano/about`)).text()).toBe('ours');
    expect(await (await fetch(`${url}/app/home`)).text()).toBe('home');
    expect((await fetch(`${url}/nowhere`)).status).toBe(404);
  });

  it('brings request-scoped adapters, made anew for each request', async () => {
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class ScopedUsers extends RecordingUserAdapter {
      constructor(@Inject(REQUEST) private readonly request: { url?: string }) {
        super();
        made += 1;
      }
      override findOrCreateUser(profile: UserProfile): UserProfile {
        events.push(
          `at ${String(this.request.url)
            .split('?')[0]!
            .replace(/\/[^/]+$/, '')}`,
        );
        return super.findOrCreateUser(profile);
      }
    }
    const house = await open({ httpAdapter, extras: { userAdapter: ScopedUsers } });
    await house.sandbox.login(house.url, { user: 'usr-1', group: 'cld-1' });
    await house.sandbox.login(house.url, { user: 'usr-1', group: 'cld-1' });
    expect(made).toBe(2);
    expect(events).toContain('at /maestrano/auth/saml/consume');
  });

  it('brings adapters that inject our services', async () => {
    @Injectable()
    class BillingGroups extends Groups {
      constructor(
        @Inject(BillingService) private readonly billing: BillingService,
        @Inject(ConnecService) private readonly connec: ConnecService,
        @Inject(MarketplaceRegistry) private readonly registry: MarketplaceRegistry,
      ) {
        super();
      }
      override async beforeGroupDeletion({ groupUid, marketplace }: GroupReference): Promise<void> {
        const bill = await this.billing
          .for(marketplace)
          .bills.create({ groupId: groupUid, priceCents: 1500, description: 'Last bill' });
        events.push(`billed ${bill.priceCents} on ${this.registry.get(marketplace).name}`);
        expect(this.connec.for(groupUid, marketplace)).toBeDefined();
      }
    }
    const house = await open({ httpAdapter, extras: { groupAdapter: BillingGroups } });
    const [delivery] = await house.sandbox.webhooks.deleteGroup('cld-1', { onlySend: true });
    expect(delivery?.status).toBe(200);
    const name = house.sandbox.marketplaces.list()[0]!.name;
    expect(events).toEqual([`billed 1500 on ${name}`, 'delete cld-1']);
  });

  it('registers the module twice, with prefixes and adapters of their own', async () => {
    class SecondGroups extends Groups {
      override deleteGroup({ groupUid, marketplace }: GroupReference): void {
        events.push(`second deletes ${groupUid} of ${marketplace}`);
      }
    }
    const house = await open({
      httpAdapter,
      extras: { isGlobal: false, decorators: { sso: [SetMetadata('which', 'first')] } },
      moreModules: (hub) => [
        MaestranoModule.forRoot({
          isGlobal: false,
          routes: { prefix: 'partner', sso: false, connecWebhooks: false },
          marketplaces: [
            {
              ...(hub.options.marketplaces[0] as object),
              marketplace: 'partner',
              webhooks: {},
              sso: { enabled: false },
            },
          ] as MarketplacesInput,
          session: { secret: 'another secret of at least thirty-two characters' },
          userAdapter: RecordingUserAdapter,
          groupAdapter: SecondGroups,
        }),
      ],
    });
    const { marketplace, authorization } = credentialsOf(house.sandbox);
    const remove = (path: string): Promise<Response> =>
      fetch(`${house.url}${path}`, { method: 'DELETE', headers: { authorization } });
    expect((await remove('/partner/account/groups/cld-9/partner')).status).toBe(200);
    expect((await remove(`/maestrano/account/groups/cld-9/${marketplace.name}`)).status).toBe(200);
    expect((await remove(`/partner/account/groups/cld-9/${marketplace.name}`)).status).toBe(401);
    expect((await remove('/maestrano/account/groups/cld-9/partner')).status).toBe(401);
    expect(events).toEqual(['second deletes cld-9 of partner', 'delete cld-9']);
    expect((await fetch(`${house.url}/partner/auth/saml/init`, { redirect: 'manual' })).status).toBe(404);
    events.length = 0;
    await journey(house);
  });

  it('starts twice in one process and stops without leaving a listener', async () => {
    const { url } = await open({ httpAdapter });
    expect((await fetch(`${url}/app/home`)).status).toBe(200);
    await booted!.close();
    await expect(fetch(`${url}/app/home`)).rejects.toThrow();
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  HttpException,
  Injectable,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestModule,
  type Provider,
  Scope,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Observable } from 'rxjs';

import { ConnecHandler, type MaestranoModuleExtras } from '../../src/index.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { testApplication } from '../support/application.js';
import {
  type BootedApp,
  type BootOptions,
  type HttpAdapterName,
  HTTP_ADAPTERS,
} from '../support/http-adapters.js';

/** What an application adds. */
interface Wiring {
  readonly extras?: Partial<MaestranoModuleExtras>;
  readonly providers?: Provider[];
  readonly prepare?: BootOptions['prepare'];
}

/** Who saw the request, in order. */
let seen: string[] = [];

@Injectable()
class Listener {
  @ConnecHandler('people')
  take({ id }: { readonly id?: unknown }): void {
    seen.push('handler');
    if (id === 'broken') throw new Error('cannot take it');
  }
}

@Injectable()
class SeeingGuard implements CanActivate {
  canActivate(): boolean {
    seen.push('guard');
    return true;
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestGuard extends SeeingGuard {}

@Injectable()
class SeeingInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    seen.push('interceptor');
    return next.handle();
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestInterceptor extends SeeingInterceptor {}

@Catch()
class SeeingFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    seen.push('filter');
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const body = JSON.stringify({ filtered: true });
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), body, status);
  }
}

class Root implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    const middleware = (_request: unknown, _response: unknown, next: () => void): void => {
      seen.push('middleware');
      next();
    };
    consumer.apply(middleware).forRoutes('{*path}');
  }
}

/** Our routes are ordinary ones: whatever an application puts around all of its routes stands around these as well. */
describe.each(HTTP_ADAPTERS)('on %s', (httpAdapter: HttpAdapterName) => {
  let booted: BootedApp | null = null;

  beforeEach(() => {
    seen = [];
  });
  afterEach(async () => {
    await booted?.close();
  });

  const boot = async ({ extras = {}, providers = [], prepare }: Wiring = {}): Promise<void> => {
    booted = await testApplication({
      httpAdapter,
      root: Root,
      options: { marketplaces: [marketplaceInput('uat'), marketplaceInput('production')] },
      extras,
      providers: [Listener, ...providers],
      ...(prepare && { prepare }),
    });
  };
  const notify = async (id: string, authorization = basicOf('uat')): Promise<[number, string]> => {
    const entity = { id, group_id: 'cld-1', updated_at: '2016-08-01T15:30:20Z' };
    const response = await fetch(`${booted?.url}/maestrano/connec/notifications/uat`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ people: [entity] }),
    });
    return [response.status, await response.text()];
  };

  it('runs the middleware and hooks of the application, in their order', async () => {
    await boot({
      prepare: (app) => {
        if (httpAdapter !== 'fastify') return;
        const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
        fastify.addHook('preHandler', (_request, _reply, done) => {
          seen.push('preHandler');
          done();
        });
        fastify.addHook('onSend', (_request, _reply, payload, done) => {
          seen.push('onSend');
          done(null, payload);
        });
      },
    });
    expect(await notify('a')).toEqual([200, '{"success":true}']);
    expect(seen).toEqual(
      httpAdapter === 'fastify'
        ? ['middleware', 'preHandler', 'handler', 'onSend']
        : ['middleware', 'handler'],
    );
    expect((await notify('b', basicOf('production')))[0]).toBe(401);
    expect(seen.filter((who) => who === 'handler')).toHaveLength(1);
  });

  it('shows its failures to the exception filters of the application', async () => {
    await boot({
      providers: [SeeingFilter],
      prepare: (app) => void app.useGlobalFilters(app.get(SeeingFilter)),
    });
    expect(await notify('broken')).toEqual([500, '{"filtered":true}']);
    // Once: a failure is not tried again.
    expect(seen).toEqual(['middleware', 'handler', 'filter']);
  });

  it('reports failures as Nest does where there is no filter', async () => {
    await boot();
    const [status, body] = await notify('broken');
    expect(status).toBe(500);
    expect(JSON.parse(body)).toMatchObject({ code: 'connec.notificationFailed' });
  });

  it.each<{ what: string; who: string } & Wiring>([
    { what: 'a global guard', who: 'guard', prepare: (app) => void app.useGlobalGuards(new SeeingGuard()) },
    { what: 'a provided guard', who: 'guard', providers: [{ provide: APP_GUARD, useClass: SeeingGuard }] },
    {
      what: 'a request-scoped guard',
      who: 'guard',
      providers: [{ provide: APP_GUARD, useClass: RequestGuard }],
    },
    {
      what: 'a guard of the decorators extra',
      who: 'guard',
      extras: { decorators: [UseGuards(SeeingGuard)] },
    },
    {
      what: 'an interceptor',
      who: 'interceptor',
      prepare: (app) => void app.useGlobalInterceptors(new SeeingInterceptor()),
    },
    {
      what: 'a provided interceptor',
      who: 'interceptor',
      providers: [{ provide: APP_INTERCEPTOR, useClass: SeeingInterceptor }],
    },
    {
      what: 'a request-scoped interceptor',
      who: 'interceptor',
      providers: [{ provide: APP_INTERCEPTOR, useClass: RequestInterceptor }],
    },
    {
      what: 'an interceptor of the decorators extra',
      who: 'interceptor',
      extras: { decorators: { connecWebhooks: [UseInterceptors(SeeingInterceptor)] } },
    },
  ])('stands behind $what', async ({ who, ...wiring }) => {
    await boot(wiring);
    expect((await notify('a'))[0]).toBe(200);
    expect(seen).toEqual(['middleware', who, 'handler']);
  });
});

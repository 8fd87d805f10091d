import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type DynamicModule,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  Scope,
  type Type,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { IsString } from 'class-validator';
import { Redis } from 'ioredis';
import { catchError, EMPTY, map, type Observable, of, tap, throwError } from 'rxjs';

import { MaestranoBullmqModule } from '../../src/bullmq/index.js';
import {
  ConnecHandler,
  type ConnecNotificationContext,
  ConnecNotifications,
  type ConnecNotificationStats,
  MaestranoBasicAuthGuard,
  MaestranoSessionGuard,
  MarketplaceRegistry,
} from '../../src/index.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { testApplication } from '../support/application.js';
import { type BootedApp, type HttpAdapterName, HTTP_ADAPTERS } from '../support/http-adapters.js';

type Entity = Readonly<Record<string, unknown>>;

const { TEST_REDIS_URL: REDIS_URL = '' } = process.env;
if (REDIS_URL === '')
  console.warn('Skipping queued handlers: redis-server is not installed (Debian package: redis-server).');

/** What handlers and enhancers did, in order. */
let log: string[] = [];
let booted: BootedApp[] = [];

/** Something that enhancers inject, to show that they come from the module. */
@Injectable()
class Journal {
  write(line: string): void {
    log.push(line);
  }
}

@Injectable()
class OnlyPaid implements CanActivate {
  constructor(private readonly journal: Journal) {}
  canActivate(context: ExecutionContext): boolean {
    const [record, { groupUid }] = context.getArgs<[Entity, ConnecNotificationContext]>();
    this.journal.write(
      `guard ${context.getType<string>()} ${context.getClass().name}.${context.getHandler().name} ${groupUid}`,
    );
    return record.status === 'PAID';
  }
}

@Injectable()
class Timed implements NestInterceptor {
  constructor(private readonly journal: Journal) {}
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.journal.write(`before ${context.getType<string>()}`);
    return next.handle().pipe(tap(() => this.journal.write('after')));
  }
}

@Injectable()
class Upper implements PipeTransform<Entity, Entity> {
  constructor(private readonly journal: Journal) {}
  transform(record: Entity): Entity {
    this.journal.write(`pipe ${String(record.name)}`);
    return { ...record, name: String(record.name).toUpperCase() };
  }
}

class KnownError extends Error {}

@Injectable()
@Catch(KnownError)
class Known implements ExceptionFilter {
  constructor(private readonly journal: Journal) {}
  catch(error: KnownError, host: ArgumentsHost): void {
    this.journal.write(`filter ${error.message} ${host.getType<string>()}`);
  }
}

const handle = (record: Entity, { resource }: ConnecNotificationContext): void => {
  log.push(`${resource} ${String(record.name)}`);
  if (record.fails === 'known') throw new KnownError('known');
  if (record.fails !== undefined) throw new Error(String(record.fails));
};

@Injectable()
class OfMethods {
  @ConnecHandler('invoices')
  @UseGuards(OnlyPaid)
  @UseInterceptors(Timed)
  @UsePipes(Upper)
  @UseFilters(Known)
  onInvoice(record: Entity, context: ConnecNotificationContext): void {
    handle(record, context);
  }

  @ConnecHandler('items')
  plain(record: Entity, context: ConnecNotificationContext): void {
    handle(record, context);
  }
}

@Controller('of-class')
@UseGuards(OnlyPaid)
@UseInterceptors(Timed)
@UsePipes(Upper)
@UseFilters(Known)
class OfClass {
  @ConnecHandler('invoices')
  onInvoice(record: Entity, context: ConnecNotificationContext): void {
    handle(record, context);
  }
}

const journal = new Journal();

@Injectable()
class OfInstances {
  @ConnecHandler('invoices')
  @UseGuards(new OnlyPaid(journal))
  @UseInterceptors(new Timed(journal))
  @UsePipes(new Upper(journal))
  @UseFilters(new Known(journal))
  onInvoice(record: Entity, context: ConnecNotificationContext): void {
    handle(record, context);
  }
}

interface AppParts {
  readonly providers?: Provider[];
  readonly controllers?: Type[];
  readonly imports?: DynamicModule[];
}

async function boot(
  httpAdapter: HttpAdapterName,
  { providers = [], controllers = [], imports = [] }: AppParts,
) {
  const app = await testApplication({
    httpAdapter,
    options: { marketplaces: [marketplaceInput('one')] },
    imports,
    providers: [Journal, ...providers],
    controllers,
  });
  booted.push(app);
  return app;
}

async function send(app: BootedApp, body: unknown): Promise<number> {
  const response = await fetch(`${app.url}/maestrano/connec/notifications/one`, {
    method: 'POST',
    headers: { authorization: basicOf('one'), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await response.text();
  return response.status;
}

const statsOf = (app: BootedApp): ConnecNotificationStats => app.app.get(ConnecNotifications).stats;

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${log.join(', ')}`);
    await pause(20);
  }
}

let counter = 0;
const entity = (fields: Entity = {}): Entity => ({
  id: `id-${(counter += 1)}`,
  group_id: 'cld-1',
  updated_at: '2016-08-01T15:30:20Z',
  status: 'PAID',
  name: 'acme',
  ...fields,
});

/** A handler of invoices on which only the given decorator is. */
function handlerWith(decorate: MethodDecorator, act: typeof handle = handle): Type {
  @Injectable()
  class Listener {
    onInvoice(record: Entity, context: ConnecNotificationContext): void {
      act(record, context);
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Listener.prototype, 'onInvoice')!;
  ConnecHandler('invoices')(Listener.prototype, 'onInvoice', descriptor);
  decorate(Listener.prototype, 'onInvoice', descriptor);
  return Listener;
}

beforeEach(() => {
  log = [];
  booted = [];
});
afterEach(async () => {
  for (const app of booted) await app.close();
});
afterAll(async () => {
  if (REDIS_URL === '') return;
  const redis = new Redis(REDIS_URL);
  const keys = await redis.keys('enhanced-*');
  if (keys.length > 0) await redis.unlink(...keys);
  await redis.quit();
});

const WHERE: Readonly<Record<string, AppParts & { readonly className: string }>> = {
  'classes on a method': { providers: [OfMethods], className: 'OfMethods' },
  'classes on the class': { controllers: [OfClass], className: 'OfClass' },
  'instances on a method': { providers: [OfInstances], className: 'OfInstances' },
};
const WAYS = REDIS_URL === '' ? (['inline'] as const) : (['inline', 'queued'] as const);

describe.each(HTTP_ADAPTERS)('enhancers bound to handlers on %s', (httpAdapter) => {
  describe.each(WAYS)('%s', (way) => {
    const queue = (): DynamicModule[] =>
      way === 'inline'
        ? []
        : [
            MaestranoBullmqModule.forRoot({
              connection: REDIS_URL,
              prefix: `enhanced-${randomUUID()}`,
              backoffMs: 10,
              attempts: 2,
            }),
          ];

    describe.each(Object.entries(WHERE))('as %s', (_, { className, ...parts }) => {
      it('run around the handler in the order of a route', async () => {
        const app = await boot(httpAdapter, { ...parts, imports: queue() });
        expect(await send(app, { invoices: [entity()] })).toBe(200);
        await until(() => statsOf(app).handled === 1);
        expect(log).toEqual([
          `guard maestrano:connec ${className}.onInvoice cld-1`,
          'before maestrano:connec',
          'pipe acme',
          'invoices ACME',
          'after',
        ]);
        expect(statsOf(app).skipped).toBe(0);
      });

      it('skip, count and do not repeat what a guard rejects', async () => {
        const app = await boot(httpAdapter, { ...parts, imports: queue() });
        const rejected = entity({ status: 'DRAFT' });
        expect(await send(app, { invoices: [rejected] })).toBe(200);
        await until(() => statsOf(app).handled === 1);
        expect(statsOf(app)).toMatchObject({ skipped: 1, failed: 0 });
        expect(await send(app, { invoices: [rejected] })).toBe(200);
        await until(() => statsOf(app).duplicates === 1);
        expect(log).toEqual([`guard maestrano:connec ${className}.onInvoice cld-1`]);
      });

      it('handle what a filter takes, and fail with what none does', async () => {
        const app = await boot(httpAdapter, { ...parts, imports: queue() });
        expect(await send(app, { invoices: [entity({ fails: 'known' })] })).toBe(200);
        await until(() => statsOf(app).handled === 1);
        expect(log.at(-1)).toBe('filter known maestrano:connec');
        const failing = await send(app, { invoices: [entity({ fails: 'otherwise' })] });
        expect(failing).toBe(way === 'inline' ? 500 : 200);
        await until(() => statsOf(app).failed === (way === 'inline' ? 1 : 2));
        expect(statsOf(app).handled).toBe(1);
      });
    });

    it('do not include those that are registered globally', async () => {
      const forbidden = (): never => {
        log.push('a global one ran');
        throw new ForbiddenException();
      };
      const providers: Provider[] = [
        OfMethods,
        { provide: APP_GUARD, useValue: { canActivate: forbidden } },
        { provide: APP_INTERCEPTOR, useValue: { intercept: forbidden } },
        { provide: APP_PIPE, useValue: { transform: forbidden } },
        { provide: APP_FILTER, useValue: { catch: forbidden } },
      ];
      const app = await boot(httpAdapter, { providers, imports: queue() });
      // The application's own guard shuts the route; the notification comes another way.
      const notifications = app.app.get(ConnecNotifications);
      const marketplace = app.app.get(MarketplaceRegistry).get('one');
      await notifications.accept(marketplace, { items: [entity()], invoices: [entity()] });
      await until(() => statsOf(app).handled === 2);
      expect(log).toContain('items acme');
      expect(log).toContain('invoices ACME');
      expect(log).not.toContain('a global one ran');
      await notifications
        .accept(marketplace, { items: [entity({ fails: 'otherwise' })] })
        .catch(() => undefined);
      await until(() => statsOf(app).failed > 0);
      expect(log).not.toContain('a global one ran');
    });
  });

  it('let notifications through our session guard as the application’s only guard', async () => {
    const providers = [OfMethods, { provide: APP_GUARD, useExisting: MaestranoSessionGuard }];
    const app = await boot(httpAdapter, { providers });
    expect(await send(app, { items: [entity()], invoices: [entity()] })).toBe(200);
    expect(statsOf(app)).toMatchObject({ handled: 2, skipped: 0 });
  });

  it.each([MaestranoSessionGuard, MaestranoBasicAuthGuard])(
    'let notifications through our own guards bound to the class (%p)',
    async (guard) => {
      @Controller('guarded')
      @UseGuards(guard)
      class Guarded {
        @ConnecHandler('invoices')
        onInvoice(record: Entity, context: ConnecNotificationContext): void {
          handle(record, context);
        }
        @Get()
        page(): string {
          return 'never';
        }
      }
      const app = await boot(httpAdapter, { controllers: [Guarded] });
      expect(await send(app, { invoices: [entity()] })).toBe(200);
      expect(log).toEqual(['invoices acme']);
      expect((await fetch(`${app.url}/guarded`)).status).toBe(401);
    },
  );
});

describe('a guard', () => {
  it.each([
    ['returns a promise of false', () => Promise.resolve(false)],
    ['returns an observable of false', () => of(false)],
    ['throws 401', () => Promise.reject(new UnauthorizedException())],
    [
      'throws 403',
      () => {
        throw new ForbiddenException();
      },
    ],
  ])('that %s has the entity skipped, past every filter', async (_, canActivate) => {
    const filter = { catch: (): unknown => log.push('filtered') };
    const Listener = handlerWith((...method) => {
      UseGuards({ canActivate })(...method);
      UseFilters(filter)(...method);
    });
    const app = await boot('express', { providers: [Listener] });
    expect(await send(app, { invoices: [entity()] })).toBe(200);
    expect(statsOf(app)).toMatchObject({ handled: 1, skipped: 1, failed: 0 });
    expect(log).toEqual([]);
  });

  it('that throws anything else fails', async () => {
    const canActivate = () => Promise.reject(new Error('the database is away'));
    const app = await boot('express', { providers: [handlerWith(UseGuards({ canActivate }))] });
    expect(await send(app, { invoices: [entity()] })).toBe(500);
    expect(statsOf(app)).toMatchObject({ handled: 0, skipped: 0, failed: 1 });
  });

  it('skips its own handler only', async () => {
    const app = await boot('express', {
      providers: [handlerWith(UseGuards({ canActivate: () => false })), handlerWith(UsePipes())],
    });
    expect(await send(app, { invoices: [entity()] })).toBe(200);
    expect(statsOf(app)).toMatchObject({ handled: 1, skipped: 1 });
    expect(log).toEqual(['invoices acme']);
  });

  it('does not make a rejection of what a handler throws', async () => {
    const Listener = handlerWith(UseGuards({ canActivate: () => true }), () => {
      throw new ForbiddenException();
    });
    const app = await boot('express', { providers: [Listener] });
    expect(await send(app, { invoices: [entity()] })).toBe(500);
    expect(statsOf(app)).toMatchObject({ skipped: 0, failed: 1 });
  });
});

describe('an interceptor', () => {
  const intercepting = (intercept: NestInterceptor['intercept']): Type =>
    handlerWith(UseInterceptors({ intercept }));

  it.each([
    ['calls nobody', () => EMPTY, 200],
    ['throws', () => throwError(() => new Error('no')), 500],
    [
      'takes an error for an outcome',
      (_: ExecutionContext, next: CallHandler) => next.handle().pipe(catchError(() => of('well'))),
      200,
    ],
    [
      'throws behind the handler',
      (_: ExecutionContext, next: CallHandler) =>
        next.handle().pipe(
          map(() => {
            throw new Error('late');
          }),
        ),
      500,
    ],
  ])('that %s decides', async (_, intercept, status) => {
    const app = await boot('express', { providers: [intercepting(intercept)] });
    expect(await send(app, { invoices: [entity({ fails: 'yes' })] })).toBe(status);
  });
});

describe('a pipe', () => {
  class Paid {
    @IsString()
    status!: string;
  }

  it('validates the record by the class of the parameter, and leaves the context alone', async () => {
    const kinds: unknown[] = [];
    @Injectable()
    class Listener {
      @ConnecHandler<'invoices', Paid>('invoices')
      @UsePipes(new ValidationPipe({ transform: true, whitelist: true }))
      onInvoice(record: Paid, context: ConnecNotificationContext): void {
        kinds.push(record instanceof Paid, Object.keys(record), context.groupUid);
      }
    }
    const app = await boot('express', { providers: [Listener] });
    expect(await send(app, { invoices: [entity()] })).toBe(200);
    expect(kinds).toEqual([true, ['status'], 'cld-1']);
    expect(await send(app, { invoices: [entity({ status: 7 })] })).toBe(500);
  });
});

describe('a filter', () => {
  it.each([
    ['throws', () => Promise.reject(new Error('still no'))],
    ['returns an observable that fails', () => throwError(() => new Error('still no'))],
  ])('that %s has the handler failed', async (_, taken) => {
    const app = await boot('express', { providers: [handlerWith(UseFilters({ catch: taken }))] });
    expect(await send(app, { invoices: [entity({ fails: 'yes' })] })).toBe(500);
    expect(statsOf(app)).toMatchObject({ handled: 0, failed: 1 });
  });

  it('of the method comes before one of the class', async () => {
    @Injectable()
    @UseFilters({ catch: () => log.push('of the class') })
    class Listener {
      @ConnecHandler('invoices')
      @UseFilters({ catch: () => log.push('of the method') })
      onInvoice(): void {
        throw new Error('no');
      }
    }
    const app = await boot('express', { providers: [Listener] });
    expect(await send(app, { invoices: [entity()] })).toBe(200);
    expect(log).toEqual(['of the method']);
  });
});

describe('an enhancer that cannot run is reported at start', () => {
  const rejected = { code: 'connec.handler' };
  const guardOf = (scope: Scope): Type<CanActivate> => {
    @Injectable({ scope })
    class Scoped implements CanActivate {
      canActivate(): boolean {
        return false;
      }
    }
    return Scoped;
  };

  it('when it is request-scoped', async () => {
    const Listener = handlerWith(UseGuards(guardOf(Scope.REQUEST)));
    await expect(boot('express', { providers: [Listener] })).rejects.toMatchObject(rejected);
  });

  it('when it is transient, which would run without its constructor', async () => {
    const Listener = handlerWith(UseGuards(guardOf(Scope.TRANSIENT)));
    await expect(boot('express', { providers: [Listener] })).rejects.toMatchObject(rejected);
  });

  it('when the container made none, because the handler comes from a factory', async () => {
    const Listener = handlerWith(UseGuards(guardOf(Scope.DEFAULT)));
    const factory = function make(): object {
      return new Listener() as object;
    };
    const provider = { provide: 'LISTENER', useFactory: factory };
    await expect(boot('express', { providers: [provider] })).rejects.toMatchObject(rejected);
  });
});

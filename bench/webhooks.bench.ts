import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  HttpCode,
  Injectable,
  Module,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import inject from 'light-my-request';

import { ConnecHandler } from '../src/connec/notifications/connec-handler.decorator.js';
import { MaestranoModule, type MarketplacesInput } from '../src/index.js';
import { defineBench, type ComparisonBench, type Operation } from './harness.js';

const KEY = 'k'.repeat(64);
const MARKETPLACES = [
  {
    marketplace: 'uat',
    app: { host: 'https://app.example.com' },
    api: { id: 'app-1', key: KEY, host: 'https://hub.example.com' },
    sso: { enabled: false },
    connec: { host: 'https://connec.example.com' },
  },
] as unknown as MarketplacesInput;
const AUTHORIZATION = `Basic ${Buffer.from(`app-1:${KEY}`).toString('base64')}`;

type Entity = Readonly<Record<string, unknown>>;

/** The application's work, the same for both: it looks at the entity and is done. */
@Injectable()
class Listener {
  count = 0;

  @ConnecHandler('invoices')
  take(entity: Entity): void {
    if (entity.status !== 'ARCHIVED') this.count += 1;
  }
}

/** What an application writes by hand: the pair compared in constant time. */
@Injectable()
class HandWrittenGuard implements CanActivate {
  readonly #expected = Buffer.from(AUTHORIZATION);

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
    const given = Buffer.from(headers.authorization ?? '');
    if (given.length === this.#expected.length && timingSafeEqual(given, this.#expected)) return true;
    throw new UnauthorizedException();
  }
}

/** Forgets nothing and repeats everything: no ledger, no limits, no grouping. */
@Controller('by-hand')
@UseGuards(HandWrittenGuard)
class HandWrittenController {
  constructor(private readonly listener: Listener) {}

  @Post()
  @HttpCode(200)
  take(@Body() body: Record<string, unknown>): object {
    const { invoices } = body;
    if (Array.isArray(invoices)) for (const invoice of invoices as Entity[]) this.listener.take(invoice);
    return { success: true };
  }
}

/** The same with what our path promises: an update once, and none after a newer one. */
@Controller('by-hand-once')
@UseGuards(HandWrittenGuard)
class HandWrittenOnceController {
  readonly #newest = new Map<string, number>();

  constructor(private readonly listener: Listener) {}

  @Post()
  @HttpCode(200)
  take(@Body() body: Record<string, unknown>): object {
    for (const [resource, entities] of Object.entries(body)) {
      if (resource !== 'invoices' || !Array.isArray(entities)) continue;
      for (const entity of entities as Entity[]) {
        const key = `${String(entity.group_id)}:${resource}:${String(entity.id)}`;
        const at = Date.parse(String(entity.updated_at));
        if ((this.#newest.get(key) ?? -1) >= at) continue;
        this.listener.take(entity);
        this.#newest.set(key, at);
      }
    }
    return { success: true };
  }
}

@Module({
  imports: [MaestranoModule.forRoot({ marketplaces: MARKETPLACES })],
  controllers: [HandWrittenController, HandWrittenOnceController],
  providers: [Listener],
})
class BenchModule {}

const PLACEHOLDER = '2016-08-01T15:30:21Z';

/** A body of so many invoices, some 415 bytes each, whose time can be moved on without building it anew. */
class MovingBody {
  readonly #bytes: Buffer;
  readonly #places: number[] = [];
  #at = Date.parse(PLACEHOLDER);

  constructor(entities: number) {
    const invoices = Array.from({ length: entities }, (_, n) => ({
      id: `e32303c1-5102-0132-661e-${String(n).padStart(12, '0')}`,
      code: `INV-${n}`,
      status: 'AUTHORISED',
      group_id: 'cld-1',
      channel_id: 'org-fbcy',
      resource_type: 'invoices',
      title: 'Consulting and travel',
      due_date: '2016-09-01T00:00:00Z',
      amount: { total_amount: 110.5, net_amount: 100, tax_amount: 10.5, currency: 'AUD' },
      organization_id: 'a34303d1-4142-0152-362e-610408337d74',
      created_at: '2016-08-01T15:30:20Z',
      updated_at: PLACEHOLDER,
    }));
    this.#bytes = Buffer.from(JSON.stringify({ invoices }));
    for (let at = this.#bytes.indexOf(PLACEHOLDER); at >= 0; at = this.#bytes.indexOf(PLACEHOLDER, at + 1)) {
      this.#places.push(at);
    }
  }

  next(): Buffer {
    this.#at += 1_000;
    const time = Buffer.from(new Date(this.#at).toISOString().replace('.000Z', 'Z'));
    for (const place of this.#places) time.copy(this.#bytes, place);
    return this.#bytes;
  }
}

function post(dispatch: inject.DispatchFunc, url: string, body: MovingBody): Operation {
  const headers = { 'content-type': 'application/json', authorization: AUTHORIZATION };
  return async () => {
    const { statusCode, payload } = await inject(dispatch, {
      method: 'POST',
      url,
      headers,
      payload: body.next(),
    });
    if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${payload}`);
  };
}

/**
 * A request of Node's own says that it was read to its end; body-parser asks before it reads again. One getter for all
 * requests: one for each would be kept by the engine until its next full collection, and the request with it.
 */
const COMPLETE: PropertyDescriptor = {
  get(this: IncomingMessage) {
    return this.readableEnded;
  },
};
const READABLE: PropertyDescriptor = { value: true };

async function boot(
  platform: 'express' | 'fastify',
): Promise<{ app: INestApplication; dispatch: inject.DispatchFunc }> {
  if (platform === 'express') {
    const adapter = new ExpressAdapter();
    const app = await NestFactory.create(BenchModule, adapter, { logger: false, bodyParser: false });
    adapter.useBodyParser('json', false, { limit: '5mb' });
    await app.init();
    const handle = adapter.getInstance() as inject.DispatchFunc;
    return {
      app,
      dispatch: (request, response) => {
        Object.defineProperty(request, 'complete', COMPLETE);
        Object.defineProperty(request.socket, 'readable', READABLE);
        return handle(request, response);
      },
    };
  }
  const app = await NestFactory.create<NestFastifyApplication>(
    BenchModule,
    new FastifyAdapter({ bodyLimit: 5_242_880 }),
    { logger: false },
  );
  await app.init();
  const instance = app.getHttpAdapter().getInstance();
  await instance.ready();
  return { app, dispatch: (request, response) => instance.routing(request, response) };
}

function bench(platform: 'express' | 'fastify', entities: number): ComparisonBench {
  return {
    name: `a notification of ${entities} entities on ${platform}, against a controller and guard by hand`,
    setup: async ({ short }) => {
      const { app, dispatch } = await boot(platform);
      const route = (url: string) => post(dispatch, url, new MovingBody(entities));
      const [byHand, ours, once] = [
        route('/by-hand'),
        route('/maestrano/connec/notifications/uat'),
        route('/by-hand-once'),
      ];
      // A server runs for days: all routes are compiled before they are compared.
      const warmUp = short ? 1 : Math.round(8_000 / Math.sqrt(entities));
      for (let done = 0; done < warmUp; done += 1) for (const run of [byHand, ours, once]) await run();
      return {
        baseline: byHand,
        candidates: {
          'ours, all features on': { run: ours, goal: { atLeast: 0.97 } },
          'by hand, with a map for once and newest': { run: once },
        },
        close: () => app.close(),
      };
    },
  };
}

export default defineBench(
  bench('express', 2),
  bench('express', 200),
  bench('fastify', 2),
  bench('fastify', 200),
);

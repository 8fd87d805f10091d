import { randomUUID } from 'node:crypto';
import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

import { Body, Controller, HttpCode, Injectable, Module, Post, UseGuards } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { ConnecHandler } from '../src/connec/notifications/connec-handler.decorator.js';
import { MaestranoModule, MaestranoStore, MemoryStore } from '../src/index.js';
import { storeKey } from '../src/stores/store-key.js';
import { AUTHORIZATION, HandWrittenGuard, MARKETPLACES } from './by-hand.js';
import type { ComparisonBench, Operation } from './harness.js';

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

/** What the controllers by hand look at: the group of one company, as the body has it. */
function invoicesOf(body: Record<string, unknown>): readonly Entity[] {
  return Array.isArray(body.invoices) ? (body.invoices as Entity[]) : [];
}

/** By hand, for one process: the guard, an update once, and none after a newer one. */
@Controller('by-hand/alone')
@UseGuards(HandWrittenGuard)
class LonelyController {
  readonly #newest = new Map<string, number>();

  constructor(private readonly listener: Listener) {}

  @Post()
  @HttpCode(200)
  take(@Body() body: Record<string, unknown>): object {
    for (const entity of invoicesOf(body)) {
      const key = `${String(entity.group_id)}:invoices:${String(entity.id)}`;
      const at = Date.parse(String(entity.updated_at));
      if ((this.#newest.get(key) ?? -1) >= at) continue;
      this.listener.take(entity);
      this.#newest.set(key, at);
    }
    return { success: true };
  }
}

/** What the controller below keeps of a record. */
interface Kept {
  readonly at: number;
  readonly lease?: { readonly token: string; readonly until: number };
}

/**
 * By hand, with what our path promises for any number of instances: nothing of a company that cancelled is handled, and
 * each record is claimed in the shared store before its handler runs and noted afterwards, in as few calls.
 */
@Controller('by-hand/shared')
@UseGuards(HandWrittenGuard)
class SharedController {
  constructor(
    private readonly listener: Listener,
    private readonly store: MaestranoStore,
  ) {}

  @Post()
  @HttpCode(200)
  async take(@Body() body: Record<string, unknown>): Promise<object> {
    const records = invoicesOf(body).map((entity) => ({
      entity,
      key: storeKey('by-hand', String(entity.group_id), 'invoices', String(entity.id)),
      at: Date.parse(String(entity.updated_at)),
    }));
    const groups = [...new Set(records.map(({ entity }) => String(entity.group_id)))];
    const [cancelled, found] = await Promise.all([
      this.store.getMany(groups.map((group) => storeKey('by-hand-cancelled', group))),
      this.store.getMany(records.map(({ key }) => key)),
    ]);
    const now = Date.now();
    const token = randomUUID();
    const wanted = records.flatMap((record, position) => {
      if ((cancelled[groups.indexOf(String(record.entity.group_id))] ?? null) !== null) return [];
      const before = found[position] ?? null;
      const kept = before === null ? null : (JSON.parse(before) as Kept);
      if (kept && (kept.at >= record.at || (kept.lease && kept.lease.until > now))) return [];
      const claim: Kept = { at: kept?.at ?? -1, lease: { token, until: now + 30_000 } };
      return { ...record, before, claimed: JSON.stringify(claim) };
    });
    const ttlMs = 30 * 86_400_000;
    const claimed = await this.store.writeMany(
      wanted.map(({ key, before, claimed: value }) => ({ key, expected: before, value, ttlMs })),
    );
    const ours = wanted.filter((_, position) => claimed[position]);
    for (const { entity } of ours) this.listener.take(entity);
    await this.store.writeMany(
      ours.map(({ key, claimed: expected, at }) => ({ key, expected, value: JSON.stringify({ at }), ttlMs })),
    );
    return { success: true };
  }
}

/** One store for both, as instances share one. */
const STORE = new MemoryStore();

@Module({
  imports: [MaestranoModule.forRoot({ marketplaces: MARKETPLACES, store: STORE })],
  controllers: [LonelyController, SharedController],
  providers: [Listener, { provide: MaestranoStore, useValue: STORE }],
})
class BenchModule {}

const PLACEHOLDER = '2016-08-01T15:30:21Z';
/** Records that an import saves within a second. */
const PER_SECOND = 20;

function timeOf(instant: number): Buffer {
  return Buffer.from(new Date(instant).toISOString().replace('.000Z', 'Z'));
}

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
    let time: Buffer = this.#bytes;
    for (const [index, place] of this.#places.entries()) {
      if (index % PER_SECOND === 0) time = timeOf(this.#at + (index / PER_SECOND) * 1_000);
      time.copy(this.#bytes, place);
    }
    return this.#bytes;
  }
}

const HEADERS = [
  ...['Host', 'app.example.com', 'Accept', '*/*', 'User-Agent', 'Ruby', 'Connection', 'keep-alive'],
  ...['Authorization', AUTHORIZATION, 'Content-Type', 'application/json', 'Content-Length'],
];

/** Takes one notification and answers it, without a network. */
type Dispatch = (url: string, body: Buffer) => Promise<number>;

function post(dispatch: Dispatch, url: string, body: MovingBody): Operation {
  return async () => {
    const status = await dispatch(url, body.next());
    if (status !== 200) throw new Error(`${url} answered ${status}`);
  };
}

/** What Node's parser calls, so that the headers are objects of the kind that servers see. */
interface ParsedMessage extends IncomingMessage {
  _addHeaderLines(headers: string[], count: number): void;
}

/** What a socket hands over at a time. */
const CHUNK = 65_536;

/**
 * Hands over what Node's server would: its own request and response, on a connection that leads nowhere. Those that
 * light-my-request makes outlive the request, and much of what is measured is their collection; nor do they come in
 * pieces.
 */
function throughNode(handle: RequestListener): Dispatch {
  const connection = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => done(),
    writev: (_chunks, done) => done(),
  }) as Socket;
  return async (url, body) => {
    const request = new IncomingMessage(connection) as ParsedMessage;
    Object.assign(request, { method: 'POST', url, httpVersion: '1.1' });
    const headers = [...HEADERS, String(body.length)];
    request._addHeaderLines(headers, headers.length);
    const response = new ServerResponse(request);
    response.assignSocket(connection);
    for (let at = 0; at < body.length; at += CHUNK) request.push(body.subarray(at, at + CHUNK));
    request.complete = true;
    request.push(null);
    const answered = new Promise<void>((resolve) => void response.on('finish', resolve));
    handle(request, response);
    await answered;
    response.detachSocket(connection);
    return response.statusCode;
  };
}

async function boot(platform: 'express' | 'fastify'): Promise<{ app: INestApplication; dispatch: Dispatch }> {
  if (platform === 'express') {
    const adapter = new ExpressAdapter();
    const app = await NestFactory.create(BenchModule, adapter, { logger: false, bodyParser: false });
    adapter.useBodyParser('json', false, { limit: '5mb' });
    await app.init();
    return { app, dispatch: throughNode(adapter.getInstance<RequestListener>()) };
  }
  const app = await NestFactory.create<NestFastifyApplication>(
    BenchModule,
    new FastifyAdapter({ bodyLimit: 5_242_880 }),
    { logger: false },
  );
  await app.init();
  const instance = app.getHttpAdapter().getInstance();
  await instance.ready();
  return { app, dispatch: throughNode(instance.routing) };
}

/** Requests per CPU second, ours to by hand, that our path through Nest's ordinary pipeline is to reach. */
const GOALS = { express: 1, fastify: 0.9 } as const;

/**
 * One platform to a process, as in an application: code that has seen the requests of both is compiled for both, which
 * costs a small notification a twentieth.
 */
export function notificationBench(platform: 'express' | 'fastify', entities: number): ComparisonBench {
  return {
    name: `a notification of ${entities} entities on ${platform}, against a controller by hand with the same guarantees`,
    setup: async ({ short }) => {
      const { app, dispatch } = await boot(platform);
      const route = (url: string) => post(dispatch, url, new MovingBody(entities));
      const [shared, alone, ours] = [
        route('/by-hand/shared'),
        route('/by-hand/alone'),
        route('/maestrano/connec/notifications/uat'),
      ];
      // A server runs for days: all routes are compiled before they are compared.
      const warmUp = short ? 1 : Math.round(8_000 / Math.sqrt(entities));
      for (let done = 0; done < warmUp; done += 1) for (const run of [shared, alone, ours]) await run();
      return {
        baseline: shared,
        candidates: {
          'ours, all features on': { run: ours, goal: { atLeast: GOALS[platform] } },
          'by hand, for one process only': { run: alone },
        },
        // Differences of a few per cent, on machines that vary by ten.
        cycles: 80,
        close: () => app.close(),
      };
    },
  };
}

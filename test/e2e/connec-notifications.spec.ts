import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Scope } from '@nestjs/common';
import { Redis } from 'ioredis';

import { MaestranoNotificationAdapter } from '../../src/adapters/maestrano-notification.adapter.js';
import { ConnecHandler } from '../../src/connec/notifications/connec-handler.decorator.js';
import { ConnecNotifications } from '../../src/connec/notifications/notification-intake.service.js';
import type {
  ConnecNotificationContext,
  ConnecNotificationFailure,
  ConnecNotificationStats,
} from '../../src/interfaces/connec-notification.interface.js';
import type { ConnecNotificationOptions } from '../../src/interfaces/connec-options.interface.js';
import { RedisStore } from '../../src/redis/redis-store.js';
import { DeletedGroupsService } from '../../src/stores/deleted-groups.service.js';
import type { MaestranoStore } from '../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { type BootedApp, type HttpAdapterName, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { testApplication } from '../support/application.js';
import { countRoundTrips } from '../support/round-trips.js';

const { TEST_REDIS_URL } = process.env;
const onRedis = TEST_REDIS_URL ? describe : describe.skip;
if (!TEST_REDIS_URL)
  console.warn('Skipping a shared Redis: redis-server is not installed (Debian package: redis-server).');

type Entity = Readonly<Record<string, unknown>>;

/** What the application did, in order. */
let done: string[] = [];
let failures: ConnecNotificationFailure[] = [];
let contexts: ConnecNotificationContext[] = [];
/** Handlers named here throw. */
let broken = new Set<string>();
let hold: Promise<void> | null = null;

function note(handler: string, entity: Entity): void {
  if (broken.has(handler) || broken.has(`${handler} ${String(entity.id)}`))
    throw new Error(`${handler} is broken`);
  done.push(`${handler} ${String(entity.id)} ${String(entity.name ?? '')}`.trim());
}

@Injectable()
class InvoiceListener {
  @ConnecHandler('invoices', 'Sales Orders')
  async onInvoice(entity: Entity, context: ConnecNotificationContext): Promise<void> {
    contexts.push(context);
    await hold;
    note('invoice', entity);
  }

  @ConnecHandler('invoices')
  second(entity: Entity): void {
    note('second', entity);
  }
}

@Controller('listening')
class ListeningController {
  @ConnecHandler('company')
  onCompany(entity: Entity): void {
    note('company', entity);
  }

  @ConnecHandler('people')
  onPerson(entity: Entity): void {
    note('person', entity);
  }
}

class Notifications extends MaestranoNotificationAdapter {
  override knowsGroup({ groupUid }: { groupUid: string }): boolean {
    return groupUid !== 'cld-stranger';
  }
  override onFailure(failure: ConnecNotificationFailure): void {
    failures.push(failure);
    throw new Error('the error tracker is down');
  }
  override onInitialization({ name }: { name: string }): void {
    done.push(`initialized ${name}`);
  }
}

class Everything extends MaestranoNotificationAdapter {
  override handle(entity: Entity, { resource }: ConnecNotificationContext): void {
    note(`every ${resource}`, entity);
  }
}

const boot = (
  httpAdapter: HttpAdapterName,
  notifications: ConnecNotificationOptions,
  adapter = Notifications as typeof Everything | typeof Notifications,
  store: MaestranoStore = new MemoryStore(),
): Promise<BootedApp> =>
  testApplication({
    httpAdapter,
    options: {
      marketplaces: [marketplaceInput('one'), marketplaceInput('two')],
      connec: { notifications },
      store,
    },
    extras: { notificationAdapter: adapter },
    providers: [InvoiceListener],
    controllers: [ListeningController],
  });

async function send(
  app: BootedApp,
  body: unknown,
  { marketplace = 'one', authorization = basicOf(marketplace), type = 'application/json' } = {},
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await fetch(`${app.url}/maestrano/connec/notifications/${marketplace}`, {
    method: 'POST',
    headers: { authorization, 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
}

/** Sends a body in pieces, one after the other; with a length that is not reached, hangs up instead. */
async function sendPieces(app: BootedApp, pieces: readonly Buffer[], length?: number): Promise<number> {
  const outgoing = request(`${app.url}/maestrano/connec/notifications/one`, {
    method: 'POST',
    headers: {
      authorization: basicOf('one'),
      'content-type': 'application/json',
      ...(length === undefined ? {} : { 'content-length': length }),
    },
  });
  const responded = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  responded.catch(() => undefined);
  for (const piece of pieces) {
    outgoing.write(piece);
    await pause(20);
  }
  if (length === undefined) outgoing.end();
  else outgoing.destroy(new Error('hung up'));
  const [response] = await responded;
  response.resume();
  await once(response, 'end');
  return response.statusCode ?? 0;
}

let counter = 0;
/** An entity that no other test uses. */
const entity = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  id: `id-${(counter += 1)}`,
  group_id: 'cld-1',
  updated_at: '2016-08-01T15:30:20Z',
  ...fields,
});

beforeEach(() => {
  done = [];
  failures = [];
  contexts = [];
  broken = new Set();
  hold = null;
});

describe.each(HTTP_ADAPTERS)('notifications on %s', (httpAdapter) => {
  let app: BootedApp;
  const stats = (): ConnecNotificationStats => app.app.get(ConnecNotifications).stats;

  beforeAll(async () => {
    app = await boot(httpAdapter, { maxEntities: 50, maxDepth: 5 });
  });
  afterAll(() => app.close());

  it('reach the methods of providers and controllers, with their context', async () => {
    const invoice = entity({ name: 'A' });
    const person = entity({ group_id: 'cld-2' });
    const response = await send(
      app,
      { invoices: [invoice], people: [person] },
      { type: 'application/vnd.api+json' },
    );
    expect(response.status).toBe(200);
    expect(response.body).toEqual({ success: true });
    expect(done.sort()).toEqual(
      [`invoice ${invoice.id} A`, `person ${person.id}`, `second ${invoice.id} A`].sort(),
    );
    const [context] = contexts;
    expect(context!.marketplace.name).toBe('one');
    expect({
      ...context,
      ...Object.fromEntries(
        ['groupUid', 'resource', 'recordId', 'updatedAt', 'deliveryKey'].map((key) => [
          key,
          context![key as keyof ConnecNotificationContext],
        ]),
      ),
    }).toMatchObject({
      groupUid: 'cld-1',
      resource: 'invoices',
      recordId: invoice.id,
      updatedAt: new Date('2016-08-01T15:30:20Z'),
      deliveryKey: `one:cld-1:invoices:${String(invoice.id)}:2016-08-01T15%3A30%3A20.000Z`,
      attempt: 1,
    });
  });

  it('may come in pieces that end inside a character, and behind a byte order mark', async () => {
    const person = entity({ name: 'Zoë 🎈' });
    const bytes = Buffer.from(`\ufeff${JSON.stringify({ people: [person] })}`);
    const inside = bytes.indexOf(Buffer.from('🎈')) + 2;
    const response = await sendPieces(app, [
      bytes.subarray(0, 1),
      bytes.subarray(1, inside),
      bytes.subarray(inside),
    ]);
    expect(response).toBe(200);
    expect(done).toEqual([`person ${String(person.id)} Zoë 🎈`]);
  });

  it('are not looked at when they are cut off', async () => {
    const { received } = stats();
    await expect(sendPieces(app, [Buffer.from('{"people":[]}')], 500)).rejects.toThrow();
    expect((await send(app, { people: [entity()] })).status).toBe(200);
    expect(stats().received).toBe(received + 1);
  });

  it('take a company as object or list, other spellings of a resource, and skip what frameworks add', async () => {
    const [one, two, three] = [entity(), entity(), entity()];
    await send(app, { company: one, tenant: 'x', controller: 'y', action: 'z', connec: {} });
    await send(app, { company: [two], salesOrder: [three], nothing: null });
    expect(done).toEqual([`company ${one.id}`, `company ${two.id}`, `invoice ${three.id}`]);
    done = [];
    const nameless = { group_id: 'cld-1', name: 'no id', updated_at: '2016-01-01T00:00:00Z' };
    await send(app, { company: nameless });
    await send(app, { company: nameless });
    expect(done).toEqual(['company undefined no id']);
  });

  it('ignore and count unknown resources and unknown groups', async () => {
    const before = stats();
    const body = {
      spaceships: [entity(), entity()],
      people: [
        entity({ group_id: 'cld-stranger' }),
        entity({ group_id: undefined }),
        entity({ group_id: 7 }),
      ],
    };
    expect((await send(app, body)).status).toBe(200);
    const after = stats();
    expect(done).toEqual([]);
    expect(after.unknownResource - before.unknownResource).toBe(2);
    expect(after.unknownGroup - before.unknownGroup).toBe(3);
  });

  it('are handled once, and never an older one after a newer one', async () => {
    const newer = entity({ updated_at: '2016-08-02T00:00:00Z', name: 'newer' });
    const older = { ...newer, updated_at: '2016-08-01T23:59:59Z', name: 'older' };
    const before = stats();
    for (const version of [newer, newer, older, { ...newer, updated_at: '2016-08-02T01:00:00+01:00' }]) {
      expect((await send(app, { people: [version] })).status).toBe(200);
    }
    expect(done).toEqual([`person ${newer.id} newer`]);
    expect(stats().duplicates - before.duplicates).toBe(2);
    expect(stats().stale - before.stale).toBe(1);
    await send(app, { people: [{ ...newer, group_id: 'cld-9', name: 'other group' }] });
    await send(app, { people: [{ ...newer, name: 'other marketplace' }] }, { marketplace: 'two' });
    expect(done.slice(1)).toEqual([`person ${newer.id} other group`, `person ${newer.id} other marketplace`]);
  });

  it('without a time are told apart by their content', async () => {
    const one = entity({ updated_at: undefined, name: 'a' });
    for (const version of [
      one,
      one,
      { ...one, name: 'b' },
      one,
      { group_id: 'cld-1', name: 'c' },
      { group_id: 'cld-1', name: 'c' },
    ]) {
      await send(app, { people: [version] });
    }
    expect(done).toEqual([`person ${one.id} a`, `person ${one.id} b`, 'person undefined c']);
  });

  it('of a group that cancelled are dropped', async () => {
    await app.app.get(DeletedGroupsService).groupDeleted('one', 'cld-gone');
    const before = stats().deletedGroup;
    const late = entity({ group_id: 'cld-gone' });
    expect((await send(app, { people: [late] })).status).toBe(200);
    expect(done).toEqual([]);
    expect(stats().deletedGroup - before).toBe(1);
    await send(app, { people: [late] }, { marketplace: 'two' });
    expect(done).toHaveLength(1);
  });

  it('fail with 500 when a handler throws; the repetition does only what is left', async () => {
    const [good, bad] = [entity(), entity()];
    broken = new Set([`invoice ${bad.id}`]);
    const response = await send(app, { invoices: [good, bad], people: [entity({ id: 'p' + counter })] });
    expect(response.status).toBe(500);
    expect((response.body as { code: string }).code).toBe('connec.notificationFailed');
    expect(JSON.stringify(response.body)).not.toContain('broken');
    expect(done).toEqual([
      `invoice ${good.id}`,
      `second ${good.id}`,
      `second ${bad.id}`,
      expect.stringContaining('person'),
    ]);
    expect(failures).toEqual([
      expect.objectContaining({ handler: 'InvoiceListener.onInvoice', recordId: bad.id, attempt: 1 }),
    ]);
    broken.clear();
    done = [];
    expect((await send(app, { invoices: [good, bad] })).status).toBe(200);
    expect(done).toEqual([`invoice ${bad.id}`]);
  });

  it('of one record wait for each other', async () => {
    let release: () => void = () => undefined;
    hold = new Promise((resolve) => {
      release = resolve;
    });
    const one = entity({ name: 'first' });
    const responses = [
      send(app, { invoices: [one] }),
      send(app, { invoices: [one] }),
      send(app, { invoices: [{ ...one, name: 'later', updated_at: '2017-01-01T00:00:00Z' }] }),
    ];
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(done).toEqual([]);
    release();
    expect((await Promise.all(responses)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(done.filter((line) => line.startsWith('invoice'))).toEqual(
      expect.arrayContaining([`invoice ${one.id} later`]),
    );
    expect(done.filter((line) => line.includes('first')).length).toBeLessThanOrEqual(2);
    expect(done.at(-1)).toBe(`second ${one.id} later`);
  });

  it.each([
    ['a list', '[]'],
    ['a number', '5'],
    ['null', 'null'],
    ['no JSON', '{"people":['],
    ['lists for entities', { people: [[]] }],
    ['an entity that is too deep', { people: [entity({ a: { b: { c: { d: { e: {} } } } } })] }],
  ])('that are %s are answered with 400', async (_name, body) => {
    const before = stats();
    const response = await send(app, body);
    expect(response.status).toBe(400);
    expect(done).toEqual([]);
    expect(stats().handled).toBe(before.handled);
  });

  it('may be exactly as deep and as many as allowed, and no more', async () => {
    expect((await send(app, { people: [entity({ a: { b: { c: { d: {} } } } })] })).status).toBe(200);
    expect((await send(app, { people: Array.from({ length: 50 }, () => entity()) })).status).toBe(200);
    expect(
      (
        await send(app, {
          people: Array.from({ length: 30 }, () => entity()),
          items: Array.from({ length: 21 }, () => entity()),
        })
      ).status,
    ).toBe(413);
  });

  it('larger than the limit are rejected with 413, and half a megabyte is fine', async () => {
    expect((await send(app, { people: [entity({ note: 'x'.repeat(500_000) })] })).status).toBe(200);
    expect((await send(app, { people: [entity({ note: 'x'.repeat(5_300_000) })] })).status).toBe(413);
  });

  it('survive names that are special to JavaScript', async () => {
    const body =
      '{"__proto__":[{"group_id":"cld-1","id":"x"}],"constructor":[{"group_id":"__proto__","id":"__proto__"}]}';
    // Fastify's parser lets no `__proto__` through, wherever it stands.
    expect((await send(app, body)).status).toBe(httpAdapter === 'fastify' ? 400 : 200);
    expect(Object.prototype).not.toHaveProperty('group_id');
    const [plain, named] = [entity(), entity({ constructor: 'Bob the builder' })];
    const fields = JSON.stringify(plain).slice(1, -1);
    const harmful = ['"__proto__":{"admin":true}', '"a":[{"constructor":{"prototype":{"admin":true}}}]'];
    for (const field of harmful) {
      const response = await send(app, `{"people":[{${fields},${field}}]}`);
      expect(response.status).toBe(400);
      if (httpAdapter === 'express')
        expect(response.body).toMatchObject({ code: 'connec.notificationMalformed' });
    }
    expect(done).toEqual([]);
    expect((await send(app, { people: [plain, named] })).status).toBe(200);
    expect(done).toHaveLength(2);
  });

  it('that are no JSON are rejected without repeating them', async () => {
    const response = await send(app, '{"people":[{"secret":"hunter2"');
    expect(response.status).toBe(400);
    expect(JSON.stringify(response.body)).not.toContain('hunter2');
  });

  it('may come compressed where the HTTP adapter can read that', async () => {
    const response = await fetch(`${app.url}/maestrano/connec/notifications/one`, {
      method: 'POST',
      headers: {
        authorization: basicOf('one'),
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      },
      body: gzipSync(JSON.stringify({ people: [entity()] })),
    });
    await response.text();
    expect(response.status).toBe(httpAdapter === 'express' ? 200 : 415);
  });

  it.each([
    ['a text for a resource', 'x'],
    ['a text among the entities', ['x']],
  ])('lose nothing by %s beside other resources', async (_name, people) => {
    const one = entity();
    expect((await send(app, { people, invoices: [one] })).status).toBe(200);
    expect(done).toEqual([`invoice ${one.id}`, `second ${one.id}`]);
  });

  it('need the credentials of their own marketplace', async () => {
    for (const authorization of [basicOf('two'), basicOf('one', 'wrong'), 'Bearer x']) {
      expect((await send(app, { people: [entity()] }, { authorization })).status).toBe(401);
    }
    expect(done).toEqual([]);
  });

  it('have an endpoint for hosted instances beside them', async () => {
    const options = { headers: { authorization: basicOf('one') } };
    expect((await fetch(`${app.url}/maestrano/connec/initialization/one`, options)).status).toBe(200);
    expect(done).toEqual(['initialized one']);
  });
});

onRedis('notifications of applications that share a Redis', () => {
  it.each(HTTP_ADAPTERS)(
    'cost three round trips for 200 entities of two companies (%s)',
    async (httpAdapter) => {
      const redis = new Redis(TEST_REDIS_URL!);
      const store = new RedisStore(redis, { prefix: `n-${randomUUID()}:` });
      const app = await boot(httpAdapter, {}, Notifications, store);
      const people = Array.from({ length: 200 }, (_, n) => entity({ group_id: `cld-${n % 2}` }));
      const { count } = await countRoundTrips(redis, async () => {
        expect((await send(app, { people })).status).toBe(200);
      });
      expect(done).toHaveLength(200);
      expect(count).toBe(3);
      await app.close();
      await redis.quit();
    },
  );
});

describe('notifications otherwise configured', () => {
  it('cannot be handled by a request-scoped provider, which start says', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @ConnecHandler('*')
      onAny(): void {}
    }
    const starting = testApplication({ providers: [PerRequest] });
    await expect(starting).rejects.toMatchObject({ code: 'connec.handler' });
  });

  it('are acknowledged whatever handlers do', async () => {
    const app = await boot('express', { acknowledge: 'always' });
    broken = new Set(['person']);
    const response = await send(app, { people: [entity()] });
    expect(response.status).toBe(200);
    expect(failures).toHaveLength(1);
    expect((await send(app, [])).status).toBe(400);
    await app.close();
  });

  it('reach an adapter beside the methods, for every resource', async () => {
    const app = await boot('fastify', {}, Everything);
    const [one, two] = [entity(), entity()];
    expect((await send(app, { people: [one], spaceships: [two] })).status).toBe(200);
    expect(done).toEqual([`person ${one.id}`, `every people ${one.id}`, `every spaceships ${two.id}`]);
    await app.close();
  });

  it('within one second are told apart when content decides', async () => {
    const app = await boot('express', { identity: 'content' });
    const one = entity({ name: 'a' });
    for (const version of [one, { ...one, name: 'b' }, one, { ...one, name: 'b' }])
      await send(app, { people: [version] });
    expect(done).toEqual([`person ${one.id} a`, `person ${one.id} b`]);
    await app.close();
  });

  it('under way are finished at shutdown, and no more are taken', async () => {
    const app = await boot('express', {});
    let release: () => void = () => undefined;
    hold = new Promise((resolve) => {
      release = resolve;
    });
    const one = entity();
    const response = send(app, { invoices: [one] });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const closing = app.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const late = await send(app, { people: [entity()] });
    expect(late.status).toBe(503);
    expect(late.headers.get('retry-after')).toBe('5');
    release();
    expect((await response).status).toBe(200);
    await closing;
    expect(done).toEqual([`invoice ${one.id}`, `second ${one.id}`]);
  });
});

import 'reflect-metadata';

import type { AddressInfo } from 'node:net';

import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { Injectable, Module } from '@nestjs/common';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

import { MaestranoSynchronizationAdapter } from '../../src/adapters/maestrano-synchronization.adapter.js';
import { ConnecHandler } from '../../src/connec/notifications/connec-handler.decorator.js';
import { ConnecNotifications } from '../../src/connec/notifications/notification-intake.service.js';
import { MaestranoModule } from '../../src/maestrano.module.js';
import { MarketplaceRegistry } from '../../src/marketplace/marketplace-registry.js';
import { JsonSize } from '../../src/routing/early/json-size.js';

/** What is measured of one notification, the least of some; milliseconds. */
export interface BodyCost {
  /** CPU beyond parsing. */
  readonly cpu: number;
  /** CPU until somebody else had a turn, at most. */
  readonly turn: number;
}

/** What the process reports to its parent. */
export interface LargeBodiesReport {
  /** Highest status of all responses. */
  readonly status: number;
  /** Bytes that the bodies left behind. */
  readonly left: number;
  readonly handled: number;
  /** Responses to bodies with too many names in one object, and to a small one afterwards. */
  readonly named: readonly number[];
  /** By what is large; empty unless it was asked for. */
  readonly costs: Readonly<Record<string, BodyCost>>;
}

/**
 * Posts large bodies to an application of its own and measures what they cost: in a process of its own, because the CPU
 * time of one counts its collector as well, and jest's heap is large.
 */
const {
  HTTP_ADAPTER = 'express',
  MARKETPLACE = '{}',
  AUTHORIZATION = '',
  BODIES = '0',
  COSTS = '0',
} = process.env;

/** Bytes of one body; some less than the limit. */
const SIZE = 4_900_000;
/** The first ones compile as well; no more are made once one was cheap. */
const REPETITIONS = 6;
const CHEAP_MS = 50;
/** A collection that we ask for goes on beside us, and would count as ours; no body brings one about. */
const SWEEP_MS = 50;
/** The most entities that a notification may have, and as much of a text as fits then. */
const MOST = 1_000;
const note = 'x'.repeat(4_700);

const collectGarbage = (globalThis as { gc?: () => void }).gc ?? ((): void => undefined);
let handled = 0;

@Injectable()
class Listener {
  @ConnecHandler('people')
  onPerson(): void {
    handled += 1;
  }
}

class Synchronizations extends MaestranoSynchronizationAdapter {
  status(): null {
    return null;
  }
  start(): null {
    return null;
  }
  toggle(): null {
    return null;
  }
}

@Module({
  imports: [
    MaestranoModule.forRoot({
      marketplaces: [JSON.parse(MARKETPLACE) as Record<string, unknown>],
      synchronizationAdapter: Synchronizations,
    }),
  ],
  providers: [Listener],
})
class App {}

/** Each time other text, as nothing may be found again. */
let turn = 0;
const long = (length = SIZE): string => `${(turn += 1)}`.padEnd(length, 'xyz ');
const person = { id: 'p1', group_id: 'cld-1', updated_at: '2016-08-01T15:30:20Z' };
const many = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));
/** Members of an object, as text: making the object would take longer than all the rest. */
const members = (count: number, value: string): string =>
  many(count, (n) => `"f${turn}-${n}":${value}`).join();

/** The records are the same each time, as what is known of a record is kept; their updates are new. */
const later = (n = 0): string => new Date(Date.UTC(2016, 7, 1) + (turn * MOST + n) * 1_000).toISOString();

/** Notifications that are large in one place each. */
const NOTIFICATIONS: Readonly<Record<string, () => unknown>> = {
  'the name of a resource': () => ({ [long()]: [person] }),
  'an identifier of a group': () => ({ people: [{ ...person, group_id: long() }] }),
  'an identifier of a record': () => ({ people: [{ ...person, id: long() }] }),
  'external ids': () => ({
    people: [{ ...person, id: [{ id: long(), provider: 'connec', realm: 'org-1' }] }],
  }),
  'a time': () => ({ people: [{ ...person, updated_at: long() }] }),
  'any other field': () => ({ people: [{ group_id: 'cld-1', note: long() }] }),
  'the name of a field': () => ({ people: [{ id: 'p1', group_id: 'cld-1', [long()]: 1 }] }),
  'a key that frameworks add': () => ({ controller: long(), people: [person] }),
  'the number of resources': () => `{${members(400_000, '[]')}}`,
  'the number of fields': () => `{"people":[{"id":"p1","group_id":"cld-1",${members(400_000, '1')}}]}`,
  'the number of fields of each entity': () => {
    const fields = members(900, '1');
    const entity = (n: number): string =>
      `{"id":"e${n}","group_id":"cld-1","updated_at":"${later()}",${fields}}`;
    return `{"people":[${many(400, entity).join()}]}`;
  },
  'the number of entities': () => ({
    people: many(MOST, (n) => ({ ...person, id: `p${n}`, updated_at: later(), note })),
  }),
  'the number of updates of one record': () => ({
    people: many(MOST, (n) => ({ ...person, id: 'p0', updated_at: later(n), note })),
  }),
  'the number of entities without a time': () => ({
    people: many(MOST, (n) => ({ group_id: 'cld-1', id: 'p1', name: `${turn}-${n}`, note })),
  }),
  'the number of entities without an id': () => ({
    people: many(MOST, (n) => ({ group_id: 'cld-1', name: `${turn}-${n}`, note })),
  }),
  'the number of entities that are old': () => ({
    people: many(MOST, (n) => ({ ...person, id: `p${n}`, updated_at: '2010-01-01T00:00:00Z', note })),
  }),
  'the number of groups': () => ({
    people: many(MOST, (n) => ({ ...person, group_id: `cld-${n}`, updated_at: later(), note })),
  }),
  'more entities than may be': () => ({
    people: many(9_999, (n) => ({ ...person, id: `p${n}`, updated_at: later(), note: 'x'.repeat(380) })),
  }),
  'the number of unknown entities': () => ({ spaceships: many(MOST, (n) => ({ id: n, note })) }),
  'the number of unknown groups': () => ({
    spaceships: many(MOST, (n) => ({ group_id: `cld-${turn}-${n}`, note })),
  }),
  'the number of values': () =>
    `{"people":[{"id":"p1","group_id":"cld-1","list":[${'[],'.repeat(1_600_000)}[]]}]}`,
  // As text: too deep for JSON.stringify.
  'its depth': () => `{"people":[${'{"a":'.repeat(700_000)}1${'}'.repeat(700_000)}]}`,
};

/** Forms that are large in one field each, for the other endpoints that read a body. */
const FORMS: readonly (readonly [path: string, field: string])[] = [
  ...['SAMLResponse', 'RelayState', 'other'].map((field) => ['auth/saml/consume/one', field] as const),
  ...['openid.mode', 'openid.claimed_id', 'other'].map((field) => ['auth/saml/consume/one', field] as const),
  ...['group_id', 'opts[only_entities][]', 'other'].map((field) => ['one/synchronizations', field] as const),
  ['connec/initialization/one', 'other'],
];

const textOf = (body: unknown): string => {
  turn += 1;
  return typeof body === 'string' ? body : JSON.stringify(body);
};

/** CPU time between two turns of the event loop at most: by the clock, it would be a matter of what else the machine does. */
function watchTurns(): { longest(): Promise<number> } {
  let longest = 0;
  let last = process.cpuUsage();
  let isWatching = true;
  const look = (): void => {
    const { user, system } = process.cpuUsage(last);
    longest = Math.max(longest, (user + system) / 1_000);
    last = process.cpuUsage();
    if (isWatching) setImmediate(look);
  };
  setImmediate(look);
  return {
    longest: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      isWatching = false;
      return longest;
    },
  };
}

const adapter: AbstractHttpAdapter = HTTP_ADAPTER === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(App, adapter, { logger: false, forceCloseConnections: true });
if (HTTP_ADAPTER === 'express') {
  (app as NestExpressApplication).useBodyParser('urlencoded', { limit: '10mb', extended: true } as never);
}
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address() as AddressInfo;

async function post(path: string, type: string, body: string): Promise<number> {
  const headers = { authorization: AUTHORIZATION, 'content-type': type };
  const url = `http://127.0.0.1:${port}/maestrano/${path}`;
  const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual' });
  await response.arrayBuffer();
  return response.status;
}
const notify = (body: unknown, type = 'application/json'): Promise<number> =>
  post('connec/notifications/one', type, textOf(body));
const fill = (path: string, field: string): Promise<number> => {
  const form = new URLSearchParams({ [field]: long(SIZE / 2) });
  return post(path, 'application/x-www-form-urlencoded', form.toString());
};

const posts: (() => Promise<number>)[] = [
  ...Object.values(NOTIFICATIONS).map((make) => () => notify(make())),
  ...FORMS.map(
    ([path, field]) =>
      () =>
        fill(path, field),
  ),
];

/** Bytes in use when all that can be is collected: some things are let go only after a collection. */
async function leastInUse(): Promise<number> {
  // A connection holds on to the last that went over it.
  for (let time = 0; time < 3; time += 1) await notify({ people: [] });
  let least = Infinity;
  for (let time = 0; time < 5; time += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

let status = 0;
// What is made once, such as compiled code, does not count.
for (const one of posts) status = Math.max(status, await one());
async function costOf(make: () => unknown): Promise<BodyCost> {
  const notifications = app.get(ConnecNotifications);
  const marketplace = app.get(MarketplaceRegistry).get('one');
  let [cpu, longest] = [Infinity, Infinity];
  for (let time = 0; time < REPETITIONS && cpu > CHEAP_MS; time += 1) {
    const text = textOf(make());
    const bytes = Buffer.from(text);
    const fits = new JsonSize().take(bytes);
    const body: unknown = fits ? JSON.parse(text) : null;
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, SWEEP_MS));
    const turns = watchTurns();
    const started = process.cpuUsage();
    // As our routes do: what has too many names is not even parsed.
    if (new JsonSize().take(bytes)) await notifications.accept(marketplace, body).catch(() => undefined);
    const used = process.cpuUsage(started);
    longest = Math.min(longest, await turns.longest());
    cpu = Math.min(cpu, (used.user + used.system) / 1_000);
  }
  return { cpu, turn: longest };
}

// Before the many: what they leave to be collected is not what one body costs.
const costs: Record<string, BodyCost> = {};
if (COSTS === '1') {
  for (const [name, make] of Object.entries(NOTIFICATIONS)) costs[name] = await costOf(make);
}
const before = await leastInUse();
for (let n = 0; n < Number(BODIES); n += 1) status = Math.max(status, await posts[n % posts.length]!());
const after = await leastInUse();
const named = [
  await notify(`{${members(400_000, '[]')}}`),
  await notify(`{"people":[{${members(400_000, '1')}}]}`, 'application/vnd.api+json'),
  await notify({ people: [person] }),
];
const left = after - before;
const report: LargeBodiesReport = { status, left, handled, named, costs };
process.send?.(report);
await app.close();

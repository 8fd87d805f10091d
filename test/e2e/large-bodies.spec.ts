import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type INestApplication, Injectable, Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { MaestranoSynchronizationAdapter } from '../../src/adapters/maestrano-synchronization.adapter.js';
import { ConnecHandler } from '../../src/connec/notifications/connec-handler.decorator.js';
import { ConnecNotifications } from '../../src/connec/notifications/notification-intake.service.js';
import { MarketplaceRegistry } from '../../src/marketplace/marketplace-registry.js';
import { MaestranoModule } from '../../src/maestrano.module.js';
import { JsonSize } from '../../src/routing/early/json-size.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { type BootedApp, bootApp, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { stormSize } from '../support/sizes.js';

/** Bytes of one body; some less than the limit. */
const SIZE = 4_900_000;
/** Bodies posted in turn. */
const BODIES = stormSize(36, 1_000);
const MEGABYTE = 1_024 * 1_024;
/** CPU for one body beyond parsing it, in milliseconds. */
const MAX_CPU_MS = 100;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

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
      marketplaces: [marketplaceInput('one')],
      synchronizationAdapter: Synchronizations,
    }),
  ],
  providers: [Listener],
})
class App {}

/** Each time other text, as nothing may be found again; without a blank, or the search for personal values would keep it. */
let turn = 0;
const long = (length = SIZE): string => `${(turn += 1)}`.padEnd(length, 'xyz_');
const person = { id: 'p1', group_id: 'cld-1', updated_at: '2016-08-01T15:30:20Z' };
const many = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));

/** Notifications that are large in one place each. */
const NOTIFICATIONS: readonly [name: string, make: () => unknown][] = [
  ['the name of a resource', () => ({ [long()]: [person] })],
  ['an identifier of a group', () => ({ people: [{ ...person, group_id: long() }] })],
  ['an identifier of a record', () => ({ people: [{ ...person, id: long() }] })],
  [
    'external ids',
    () => ({ people: [{ ...person, id: [{ id: long(), provider: 'connec', realm: 'org-1' }] }] }),
  ],
  ['a time', () => ({ people: [{ ...person, updated_at: long() }] })],
  [
    'any other field',
    () => ({ people: [{ ...person, id: undefined, updated_at: undefined, note: long() }] }),
  ],
  ['the name of a field', () => ({ people: [{ ...person, updated_at: undefined, [long()]: 1 }] })],
  ['a key that frameworks add', () => ({ controller: long(), people: [person] })],
  ['the number of resources', () => Object.fromEntries(many(400_000, (n) => [`r${n}`, []]))],
  [
    'the number of fields',
    () => ({ people: [{ ...person, ...Object.fromEntries(many(400_000, (n) => [`f${n}`, 1])) }] }),
  ],
  [
    'the number of fields of each entity',
    () => ({
      people: many(500, (e) => ({
        ...person,
        id: `${turn}-${e}`,
        ...Object.fromEntries(many(900, (n) => [`f${n}`, 1])),
      })),
    }),
  ],
  [
    'the number of entities',
    () => ({ people: many(9_999, (n) => ({ ...person, id: `p${turn}-${n}`, note: 'x'.repeat(380) })) }),
  ],
  [
    'the number of unknown entities',
    () => ({ spaceships: many(9_999, (n) => ({ id: n, note: 'x'.repeat(450) })) }),
  ],
  [
    'the number of groups',
    () => ({ spaceships: many(9_999, (n) => ({ group_id: `cld-${turn}-${n}`, note: 'x'.repeat(440) })) }),
  ],
  [
    'the number of values',
    () => ({ people: [{ ...person, updated_at: undefined, list: many(1_600_000, () => []) }] }),
  ],
  [
    'its depth',
    // As text: too deep for JSON.stringify.
    () => `{"people":[${'{"a":'.repeat(700_000)}1${'}'.repeat(700_000)}]}`,
  ],
];

/** Longest time that nobody else had a turn, in milliseconds. */
function watchTurns(): { longest(): Promise<number> } {
  let longest = 0;
  let last = performance.now();
  let isWatching = true;
  const turn = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (isWatching) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    longest: async () => {
      isWatching = false;
      await new Promise((resolve) => setImmediate(resolve));
      return longest;
    },
  };
}

const textOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

/** Forms that are large in one field each, for the other endpoints that read a body. */
const FORMS: readonly (readonly [path: string, field: string])[] = [
  ...['SAMLResponse', 'RelayState', 'other'].map((field) => ['auth/saml/consume/one', field] as const),
  ...['openid.mode', 'openid.claimed_id', 'other'].map((field) => ['auth/saml/consume/one', field] as const),
  ...['group_id', 'opts[only_entities][]', 'other'].map((field) => ['one/synchronizations', field] as const),
  ['connec/initialization/one', 'other'],
];

function raiseLimits(app: INestApplication): void {
  const { useBodyParser } = app as NestExpressApplication;
  useBodyParser.call(app, 'urlencoded', { limit: '10mb', extended: true } as never);
}

describe.each(HTTP_ADAPTERS)('bodies of 5 MB (%s)', (httpAdapter) => {
  let app: BootedApp;
  beforeAll(async () => {
    app = await bootApp(httpAdapter, App, httpAdapter === 'express' ? { prepare: raiseLimits } : {});
  });
  afterAll(() => app.close());

  async function post(path: string, type: string, body: string): Promise<number> {
    const headers = { authorization: basicOf('one'), 'content-type': type };
    const response = await fetch(`${app.url}/maestrano/${path}`, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
    });
    await response.arrayBuffer();
    return response.status;
  }
  const posts: (() => Promise<number>)[] = [
    ...NOTIFICATIONS.map(
      ([, make]) =>
        () =>
          post('connec/notifications/one', 'application/json', textOf(make())),
    ),
    ...FORMS.map(
      ([path, field]) =>
        () =>
          post(
            path,
            'application/x-www-form-urlencoded',
            new URLSearchParams({ [field]: long(SIZE / 2) }).toString(),
          ),
    ),
  ];

  it(`leave nothing behind: ${BODIES} of them, large in each field of each endpoint in turn`, async () => {
    // What is made once, such as compiled code, does not count.
    for (const one of posts) expect(await one()).toBeLessThan(500);
    collectGarbage();
    const before = process.memoryUsage();
    for (let n = 0; n < BODIES; n += 1) await posts[n % posts.length]!();
    await new Promise((resolve) => setTimeout(resolve, 100));
    collectGarbage();
    const after = process.memoryUsage();
    const left = after.heapUsed + after.external - before.heapUsed - before.external;
    expect(left / MEGABYTE).toBeLessThan(10);
    expect(handled).toBeGreaterThan(0);
  }, 600_000);

  it.each(NOTIFICATIONS)('cost little beyond parsing them, whatever is large: %s', async (name, make) => {
    const notifications = app.app.get(ConnecNotifications);
    const marketplace = app.app.get(MarketplaceRegistry).get('one');
    const costs: number[] = [];
    const turns: number[] = [];
    for (let time = 0; time < 3; time += 1) {
      const text = textOf(make());
      const bytes = Buffer.from(text);
      const body: unknown = JSON.parse(text);
      collectGarbage();
      const watch = watchTurns();
      const started = process.cpuUsage();
      // As our routes do: what has too many names is not even parsed.
      if (new JsonSize().take(bytes)) await notifications.accept(marketplace, body).catch(() => undefined);
      const { user, system } = process.cpuUsage(started);
      turns.push(await watch.longest());
      costs.push((user + system) / 1_000);
    }
    // Thousands of records that have a handler are work: it goes on in small turns, so that it holds nobody up.
    const isWork = name === 'the number of entities';
    expect(Math.min(...turns)).toBeLessThan(MAX_CPU_MS);
    expect(Math.min(...costs)).toBeLessThan(isWork ? 10 * MAX_CPU_MS : MAX_CPU_MS);
  });

  it('with too many names in one object are rejected before they are parsed', async () => {
    for (const make of [
      () => Object.fromEntries(many(400_000, (n) => [`r${n}`, []])),
      () => ({ people: [{ ...person, ...Object.fromEntries(many(400_000, (n) => [`f${n}`, 1])) }] }),
    ]) {
      for (const type of ['application/json', 'application/vnd.api+json']) {
        expect(await post('connec/notifications/one', type, textOf(make()))).toBe(413);
      }
    }
    expect(await post('connec/notifications/one', 'application/json', textOf({ people: [person] }))).toBe(
      200,
    );
  });
});

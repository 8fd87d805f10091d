import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import * as fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { resolveConnecSettings } from '../../../src/connec/connec-settings.js';
import {
  type ConnecDelivery,
  type DeliverySource,
  toDelivery,
} from '../../../src/connec/notifications/connec-delivery.js';
import {
  type DeliveryClaim,
  type DeliveryLedger,
  judge,
  newState,
} from '../../../src/connec/notifications/delivery-ledger.js';
import { MemoryDeliveryLedger } from '../../../src/connec/notifications/memory-delivery-ledger.js';
import { readNotification } from '../../../src/connec/notifications/notification-reader.js';
import { resourceKey } from '../../../src/connec/notifications/resource-key.js';
import { StoreDeliveryLedger } from '../../../src/connec/notifications/store-delivery-ledger.js';
import type { Marketplace } from '../../../src/interfaces/marketplace.interface.js';
import { RedisStore } from '../../../src/redis/redis-store.js';
import type { MaestranoStore } from '../../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';

const { TEST_REDIS_URL } = process.env;
const redis = TEST_REDIS_URL ? new Redis(TEST_REDIS_URL) : null;
afterAll(() => redis?.quit());

const OPTIONS = { leaseMs: 300, rememberMs: 60_000, patienceMs: 100 };
const stores: [string, (() => MaestranoStore) | null][] = [
  ['memory', () => new MemoryStore()],
  ['Redis', redis ? () => new RedisStore(redis, { prefix: `t-${randomUUID()}:` }) : null],
];
const ledgers: [string, () => DeliveryLedger][] = [
  ['its own memory', () => new MemoryDeliveryLedger(60_000)],
  ...stores.flatMap(([name, make]): [string, () => DeliveryLedger][] =>
    make ? [[`a ${name} store`, () => new StoreDeliveryLedger(make(), OPTIONS)]] : [],
  ),
];
if (!redis)
  console.warn('Skipping the Redis ledger: redis-server is not installed (Debian package: redis-server).');

const source = (marketplace: string, identity: 'version' | 'content' = 'version'): DeliverySource => ({
  marketplace: { name: marketplace } as Marketplace,
  attempt: 1,
  identity,
});
const FIELDS = { id: 'p1', updated_at: '2016-08-01T15:30:20Z' };
const delivery = (
  fields: Record<string, unknown> = {},
  identity: 'version' | 'content' = 'version',
): ConnecDelivery => toDelivery(source('one', identity), 'cld-1', 'people', { ...FIELDS, ...fields });
const later = (seconds: number) => new Date(Date.UTC(2016, 7, 1, 15, 30, 20 + seconds)).toISOString();

describe.each(ledgers)('a ledger in %s', (_name, make) => {
  let ledger: DeliveryLedger;
  beforeEach(() => {
    ledger = make();
  });

  const claim = async (of: ConnecDelivery): Promise<DeliveryClaim> => {
    const verdict = await ledger.claim(of);
    if (typeof verdict === 'string') throw new Error(verdict);
    return verdict;
  };
  const handle = async (of: ConnecDelivery) => {
    const claimed = await claim(of);
    expect(await ledger.complete(claimed, of)).toBe(true);
  };

  it('lets a delivery be handled once, and no older one after it', async () => {
    await handle(delivery());
    expect(await ledger.claim(delivery())).toBe('duplicate');
    await handle(delivery({ updated_at: later(5) }));
    expect(await ledger.claim(delivery({ updated_at: later(4) }))).toBe('stale');
    expect(await ledger.claim(delivery())).toBe('stale');
    await handle(delivery({ updated_at: later(6) }));
  });

  it('keeps marketplaces, groups, resources and records apart', async () => {
    await handle(delivery());
    await handle(toDelivery(source('two'), 'cld-1', 'people', FIELDS));
    await handle(delivery({ id: 'p2' }));
    await handle(toDelivery(source('one'), 'cld-2', 'people', FIELDS));
    await handle(toDelivery(source('one'), 'cld-1', 'items', FIELDS));
  });

  it('gives a released delivery out again, with what had finished', async () => {
    const first = await claim(delivery());
    await ledger.release(first, delivery(), ['A.b']);
    const second = await claim(delivery());
    expect(second.finished).toEqual(['A.b']);
    await ledger.release(second, delivery(), ['A.b', 'C.d']);
    const newer = delivery({ updated_at: later(1) });
    const claimed = await claim(newer);
    expect(claimed.finished).toEqual([]);
    await ledger.complete(claimed, newer);
    expect(await ledger.claim(delivery())).toBe('stale');
  });

  it('remembers an older success across a failed newer one', async () => {
    await handle(delivery());
    const newer = delivery({ updated_at: later(9) });
    await ledger.release(await claim(newer), newer, []);
    expect(await ledger.claim(delivery())).toBe('duplicate');
    await handle(delivery({ updated_at: later(3) }));
    expect((await claim(newer)).finished).toEqual([]);
  });

  it('tells contents within one second apart when asked to, whatever their order', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => delivery({ name }, 'content'));
    await handle(a!);
    await handle(b!);
    for (const again of [a!, b!, a!]) expect(await ledger.claim(again)).toBe('duplicate');
    await handle(c!);
    await handle(delivery({ name: 'd', updated_at: later(1) }, 'content'));
    expect(await ledger.claim(c!)).toBe('stale');
  });

  it('lets one of many at once handle a delivery', async () => {
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const verdict = await ledger.claim(delivery());
        if (typeof verdict === 'string') return verdict;
        await pause(5);
        await ledger.complete(verdict, delivery());
        return 'handled';
      }),
    );
    expect(verdicts.filter((verdict) => verdict === 'handled')).toHaveLength(1);
    expect(new Set(verdicts)).toEqual(new Set(['handled', 'duplicate']));
  });
});

describe.each(stores.flatMap(([name, make]) => (make ? [[name, make] as const] : [])))(
  'two ledgers over one %s store',
  (_name, make) => {
    it('never handle one record at the same time, and say so in time', async () => {
      const store = make();
      const [one, two] = [new StoreDeliveryLedger(store, OPTIONS), new StoreDeliveryLedger(store, OPTIONS)];
      const held = (await one.claim(delivery())) as DeliveryClaim;
      expect(await two.claim(delivery({ updated_at: later(1) }))).toBe('busy');
      // Longer than the lease: it is renewed while the handler runs.
      await pause(OPTIONS.leaseMs * 1.5);
      expect(await two.claim(delivery({ updated_at: later(1) }))).toBe('busy');
      expect(await one.complete(held, delivery())).toBe(true);
      expect(await two.claim(delivery())).toBe('duplicate');
    });

    it('take over from one that died, whose late completion then changes nothing', async () => {
      const store = make();
      const [one, two] = [new StoreDeliveryLedger(store, OPTIONS), new StoreDeliveryLedger(store, OPTIONS)];
      const dead = (await one.claim(delivery())) as DeliveryClaim;
      clearTimersOf(one);
      await pause(OPTIONS.leaseMs + 100);
      // What the dead one had begun may be done: nothing older may follow it.
      expect(await two.claim(delivery({ updated_at: later(-1) }))).toBe('busy');
      const newer = delivery({ updated_at: later(7) });
      const taken = (await two.claim(newer)) as DeliveryClaim;
      expect(await two.complete(taken, newer)).toBe(true);
      expect(await one.complete(dead, delivery())).toBe(false);
      expect(await two.claim(delivery({ updated_at: later(5) }))).toBe('stale');
    });
  },
);

/** Makes a ledger behave as if its process were gone: it renews nothing any more. */
function clearTimersOf(ledger: StoreDeliveryLedger): void {
  const store = Reflect.get(ledger, 'store') as MaestranoStore;
  Reflect.set(
    ledger,
    'store',
    new Proxy(store, { get: (target, key) => (key === 'replace' ? replaceOfTheDead : bound(target, key)) }),
  );
  function replaceOfTheDead(key: string, expected: string, value: string, ttl: number): Promise<boolean> {
    return key.startsWith('delivery-lock')
      ? Promise.resolve(false)
      : store.replace(key, expected, value, ttl);
  }
}

function bound(target: MaestranoStore, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key);
  return typeof value === 'function' ? value.bind(target) : value;
}

describe('the ledger in memory', () => {
  afterEach(() => void jest.useRealTimers());

  it('is bounded, forgets what is old, and keeps what is used', () => {
    const ledger = new MemoryDeliveryLedger(60_000, 100);
    const handle = (id: string): string => {
      const verdict = ledger.claim(delivery({ id }));
      if (typeof verdict === 'string') return verdict;
      ledger.complete(verdict as DeliveryClaim, delivery({ id }));
      return 'handled';
    };
    for (let n = 0; n < 150; n += 1) handle(`p${n}`);
    expect([handle('p120'), handle('p10')]).toEqual(['duplicate', 'duplicate']);
    for (let n = 1000; n < 1100; n += 1) handle(`p${n}`);
    // Was looked at meanwhile, and so came along into the young generation.
    expect(handle('p10')).toBe('duplicate');
    expect(handle('p20')).toBe('handled');
  });

  it('forgets after the time it is told', () => {
    jest.useFakeTimers({ now: 0 });
    const ledger = new MemoryDeliveryLedger(1_000);
    ledger.complete(ledger.claim(delivery()) as DeliveryClaim, delivery());
    for (const at of [1_500, 3_000]) {
      jest.setSystemTime(at);
      void ledger.claim(delivery({ id: `other ${at}` }));
    }
    expect(typeof ledger.claim(delivery())).toBe('object');
  });

  it('answers without a promise unless somebody has to wait', async () => {
    const ledger = new MemoryDeliveryLedger(60_000);
    const held = ledger.claim(delivery());
    expect(held).not.toBeInstanceOf(Promise);
    const waiting = ledger.claim(delivery());
    expect(waiting).toBeInstanceOf(Promise);
    ledger.complete(held as DeliveryClaim, delivery());
    expect(await waiting).toBe('duplicate');
  });
});

describe('what identifies a delivery', () => {
  it.each([
    ['2016-08-01T15:30:20Z', Date.UTC(2016, 7, 1, 15, 30, 20)],
    ['2016-08-01T15:30:20.250Z', Date.UTC(2016, 7, 1, 15, 30, 20, 250)],
    ['2016-08-01T15:30:20+0000', Date.UTC(2016, 7, 1, 15, 30, 20)],
    ['2016-08-01T17:30:20+02:00', Date.UTC(2016, 7, 1, 15, 30, 20)],
    ['2016-08-01T15:30:20', Date.UTC(2016, 7, 1, 15, 30, 20)],
    ['yesterday', null],
    ['', null],
    [5, null],
    [undefined, null],
  ])('reads the time %j', (text, at) => {
    expect(delivery({ updated_at: text }).at).toBe(at);
  });

  it('reads the times of many days in any order', () => {
    const seconds = fc.integer({ min: 0, max: Date.UTC(2100, 0) / 1000 });
    fc.assert(
      fc.property(fc.array(seconds), (times) => {
        for (const at of times.map((one) => one * 1000)) {
          const text = new Date(at).toISOString().replace('.000Z', 'Z');
          expect(delivery({ updated_at: text }).at).toBe(at);
        }
      }),
    );
  });

  it('reads a time that repeats as at first, whatever comes between', () => {
    const times = fc.constantFrom<[string, number | null]>(
      ['2016-08-01T15:30:20Z', Date.UTC(2016, 7, 1, 15, 30, 20)],
      ['2016-08-01T15:30:21Z', Date.UTC(2016, 7, 1, 15, 30, 21)],
      ['2016-08-31T15:30:20Z', Date.UTC(2016, 7, 31, 15, 30, 20)],
      ['2016-13-01T15:30:20Z', null],
    );
    fc.assert(
      fc.property(fc.array(times), (sequence) => {
        for (const [text, at] of sequence) expect(delivery({ updated_at: text }).at).toBe(at);
      }),
    );
  });

  it('takes the platform id out of external ids', () => {
    const id = [
      { id: '42', provider: 'acme', realm: 'r' },
      { id: 'uuid', provider: 'connec', realm: 'org-1' },
    ];
    expect(delivery({ id }).recordKey).toBe('uuid');
    expect(delivery({ id: id.slice(0, 1) }).recordKey).toMatch(/^#/);
  });

  it('judges nothing known as to be handled', () => {
    expect(judge(newState(), delivery())).toBe('handle');
  });

  it.each([
    ['Sales Orders', 'sales_orders'],
    ['sales_order', 'sales_orders'],
    ['salesOrder', 'sales_orders'],
    ['person', 'people'],
    ['People', 'people'],
    ['Company', 'company'],
    ['companies', 'company'],
    ['time_activity', 'time_activities'],
    ['journal', 'journals'],
    ['journey', 'journeys'],
    ['tax-codes', 'tax_codes'],
    ['', ''],
    ['constructor', 'constructors'],
  ])('writes the resource %j as %s', (name, key) => {
    expect(resourceKey(name)).toBe(key);
  });

  it('joins two spellings of a resource in one body', () => {
    const body = readNotification(
      { person: { id: 1 }, people: [{ id: 2 }], action: 'x' },
      { maxEntities: 9, maxDepth: 9 },
    );
    expect({ ...body }).toEqual({ people: [{ id: 1 }, { id: 2 }] });
  });

  it.each([
    [{ notifications: { concurrency: Number.NaN } }, 'concurrency'],
    [{ notifications: { maxEntities: 0 } }, 'maxEntities'],
    [{ notifications: { leaseMs: 1 } }, 'leaseMs'],
    [{ notifications: { acknowledge: 'allways' as 'always' } }, 'acknowledge'],
    [{ client: { pageConcurrency: 99 } }, 'pageConcurrency'],
  ])('is never left to an option like %j', (options, name) => {
    expect(() => resolveConnecSettings(options)).toThrow(name);
  });
});

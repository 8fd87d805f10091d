import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import {
  ConnecDelivery,
  DeliveryRecords,
  type DeliverySource,
} from '../../../src/connec/notifications/connec-delivery.js';
import {
  type DeliveryClaim,
  type DeliveryDecision,
  DeliveryLedger,
} from '../../../src/connec/notifications/delivery-ledger.js';
import { readNotification } from '../../../src/connec/notifications/notification-reader.js';
import { decide, readState, UNKNOWN_RECORD } from '../../../src/connec/notifications/record-state.js';
import { resourceKey } from '../../../src/connec/notifications/resource-key.js';
import type { Marketplace } from '../../../src/interfaces/marketplace.interface.js';
import { RedisStore } from '../../../src/redis/redis-store.js';
import type { MaestranoStore, StoreWrite } from '../../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';

const { TEST_REDIS_URL } = process.env;
const redis = TEST_REDIS_URL ? new Redis(TEST_REDIS_URL) : null;
afterAll(() => redis?.quit());

const OPTIONS = { leaseMs: 300, rememberMs: 60_000 };
const stores: [string, () => MaestranoStore][] = [
  ['memory', () => new MemoryStore()],
  ...(redis
    ? ([['Redis', () => new RedisStore(redis, { prefix: `t-${randomUUID()}:` })]] as [
        string,
        () => MaestranoStore,
      ][])
    : []),
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
): ConnecDelivery =>
  new ConnecDelivery(new DeliveryRecords(source('one', identity), 'cld-1', 'people'), {
    ...FIELDS,
    ...fields,
  });
const later = (seconds: number) => new Date(Date.UTC(2016, 7, 1, 15, 30, 20 + seconds)).toISOString();

const claimAll = async (
  ledger: DeliveryLedger,
  deliveries: readonly ConnecDelivery[],
): Promise<DeliveryDecision[]> => ledger.claim(deliveries, await ledger.read(deliveries));
const decisionOf = async (ledger: DeliveryLedger, of: ConnecDelivery): Promise<DeliveryDecision> =>
  (await claimAll(ledger, [of]))[0]!;
const claimOf = async (ledger: DeliveryLedger, of: ConnecDelivery): Promise<DeliveryClaim> => {
  const decision = await decisionOf(ledger, of);
  if (typeof decision === 'string') throw new Error(decision);
  return decision;
};

describe.each(stores)('a ledger in a %s store', (_name, make) => {
  let store: MaestranoStore;
  let ledger: DeliveryLedger;
  beforeEach(() => {
    store = make();
    ledger = new DeliveryLedger(store, OPTIONS);
  });

  const handled = (claim: DeliveryClaim): Promise<boolean[]> =>
    ledger.complete([{ claim, result: 'handled' }]);
  const failed = (claim: DeliveryClaim, finished: readonly string[]): Promise<boolean[]> =>
    ledger.complete([{ claim, result: 'failed', finished }]);
  const handle = async (of: ConnecDelivery): Promise<void> => {
    expect(await handled(await claimOf(ledger, of))).toEqual([true]);
  };

  it('lets a delivery be handled once, and no older one after it', async () => {
    await handle(delivery());
    expect(await decisionOf(ledger, delivery())).toBe('duplicate');
    await handle(delivery({ updated_at: later(5) }));
    expect(await decisionOf(ledger, delivery({ updated_at: later(4) }))).toBe('stale');
    expect(await decisionOf(ledger, delivery())).toBe('stale');
    await handle(delivery({ updated_at: later(6) }));
  });

  it('keeps marketplaces, groups, resources and records apart', async () => {
    await handle(delivery());
    await handle(new ConnecDelivery(new DeliveryRecords(source('two'), 'cld-1', 'people'), FIELDS));
    await handle(delivery({ id: 'p2' }));
    await handle(new ConnecDelivery(new DeliveryRecords(source('one'), 'cld-2', 'people'), FIELDS));
    await handle(new ConnecDelivery(new DeliveryRecords(source('one'), 'cld-1', 'items'), FIELDS));
  });

  it('gives a failed delivery out again, with what had finished', async () => {
    await failed(await claimOf(ledger, delivery()), ['A.b']);
    const second = await claimOf(ledger, delivery());
    expect(second.finished).toEqual(['A.b']);
    await failed(second, ['A.b', 'C.d']);
    const newer = await claimOf(ledger, delivery({ updated_at: later(1) }));
    expect(newer.finished).toEqual([]);
    await handled(newer);
    expect(await decisionOf(ledger, delivery())).toBe('stale');
  });

  it('remembers an older success across a failed newer one', async () => {
    await handle(delivery());
    const newer = delivery({ updated_at: later(9) });
    await failed(await claimOf(ledger, newer), []);
    expect(await decisionOf(ledger, delivery())).toBe('duplicate');
    // The failed one may have written.
    expect(await decisionOf(ledger, delivery({ updated_at: later(3) }))).toBe('stale');
    expect((await claimOf(ledger, newer)).finished).toEqual([]);
  });

  it('ends a claim with the claim of the next update in one write', async () => {
    const { writeMany } = store;
    const [first, second, third] = [0, 1, 2].map((seconds) => delivery({ updated_at: later(seconds) }));
    let claim = await claimOf(ledger, first!);
    let writes = 0;
    store.writeMany = (some) => {
      writes += 1;
      return writeMany.call(store, some);
    };
    claim = (await ledger.follow(claim, second!))!;
    expect(writes).toBe(1);
    const other = new DeliveryLedger(store, OPTIONS);
    expect(await decisionOf(other, first!)).toBe('duplicate');
    expect(await decisionOf(other, third!)).toBe('busy');
    // Nothing follows what is older, or known.
    expect(await ledger.follow(claim, first!)).toBeNull();
    expect(await ledger.follow(claim, second!)).toBeNull();
    // Not begun: the first stays handled.
    expect(await ledger.complete([{ claim, result: 'untouched' }])).toEqual([true]);
    expect(await decisionOf(other, first!)).toBe('duplicate');
    const again = await claimOf(other, second!);
    expect(again.finished).toEqual([]);
    expect(await other.complete([{ claim: again, result: 'handled' }])).toEqual([true]);
  });

  it('tells contents within one second apart when asked to, whatever their order', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => delivery({ name }, 'content'));
    await handle(a!);
    await handle(b!);
    for (const again of [a!, b!, a!]) expect(await decisionOf(ledger, again)).toBe('duplicate');
    await handle(c!);
    await handle(delivery({ name: 'd', updated_at: later(1) }, 'content'));
    expect(await decisionOf(ledger, c!)).toBe('stale');
  });

  it('decides each of many by itself', async () => {
    await handle(delivery({ id: 'done' }));
    const held = await claimOf(ledger, delivery({ id: 'held' }));
    const decisions = await claimAll(ledger, [
      delivery({ id: 'done' }),
      delivery({ id: 'done', updated_at: later(-1) }),
      delivery({ id: 'held' }),
      delivery({ id: 'new' }),
      delivery({ id: 'new', updated_at: later(1) }),
      delivery({ id: 'done', updated_at: later(1) }),
    ]);
    expect(decisions.map((one) => (typeof one === 'string' ? one : 'claimed'))).toEqual([
      'duplicate',
      'stale',
      'busy',
      'claimed',
      // Of two updates in one call, the second waits for the first.
      'busy',
      'claimed',
    ]);
    const [fresh, updated] = decisions.filter((one) => typeof one !== 'string');
    expect(
      await ledger.complete([
        { claim: fresh!, result: 'handled' },
        { claim: held, result: 'failed', finished: [] },
        { claim: updated!, result: 'untouched' },
      ]),
    ).toEqual([true, true, true]);
    expect(await decisionOf(ledger, delivery({ id: 'new' }))).toBe('duplicate');
    await handle(delivery({ id: 'held' }));
    await handle(delivery({ id: 'done', updated_at: later(1) }));
  });

  it('leaves a record that was not touched as it found it', async () => {
    const [unknown, known] = [delivery({ id: 'unknown' }), delivery({ id: 'known' })];
    await failed(await claimOf(ledger, known), ['A.b']);
    const before = await ledger.read([unknown, known]);
    const claims = (await claimAll(ledger, [unknown, known])) as DeliveryClaim[];
    await ledger.complete(claims.map((claim) => ({ claim, result: 'untouched' })));
    expect(await ledger.read([unknown, known])).toEqual(before);
    expect(before[0]).toBeNull();
  });

  it('lets one of many at once handle a delivery', async () => {
    const decisions = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const decision = await decisionOf(ledger, delivery());
        if (typeof decision === 'string') return decision;
        await pause(5);
        await handled(decision);
        return 'handled';
      }),
    );
    expect(decisions.filter((decision) => decision === 'handled')).toHaveLength(1);
    expect(new Set(decisions)).toEqual(new Set(['handled', 'busy']));
  });

  it('takes more than fit into one call of the store', async () => {
    const many = Array.from({ length: 2_300 }, (_, n) => delivery({ id: `p${n}` }));
    const claims = (await claimAll(ledger, many)) as DeliveryClaim[];
    expect(new Set(claims.map((claim) => typeof claim))).toEqual(new Set(['object']));
    // All of them are renewed while they are held.
    await pause(OPTIONS.leaseMs * 1.5);
    const kept = await ledger.complete(claims.map((claim) => ({ claim, result: 'handled' })));
    expect(kept).toEqual(many.map(() => true));
    expect(new Set(await claimAll(ledger, many))).toEqual(new Set(['duplicate']));
  });

  it('handles anew what is stored as something else', async () => {
    await store.set(delivery().storeKey, 'not ours', 60_000);
    await handle(delivery());
    expect(await decisionOf(ledger, delivery())).toBe('duplicate');
  });

  it('finds its claim again after a renewal whose response got lost', async () => {
    const claim = await claimOf(ledger, delivery());
    const { writeMany } = store;
    await new Promise<void>((lost) => {
      store.writeMany = async (writes: readonly StoreWrite[]) => {
        await writeMany.call(store, writes);
        lost();
        throw new Error('the connection broke');
      };
    });
    store.writeMany = writeMany.bind(store);
    expect(await handled(claim)).toEqual([true]);
    expect(await decisionOf(ledger, delivery())).toBe('duplicate');
  });
});

describe.each(stores)('two ledgers over one %s store', (_name, make) => {
  it('never handle one record at the same time', async () => {
    const store = make();
    const [one, two] = [new DeliveryLedger(store, OPTIONS), new DeliveryLedger(store, OPTIONS)];
    const claim = await claimOf(one, delivery());
    expect(await decisionOf(two, delivery({ updated_at: later(1) }))).toBe('busy');
    // Longer than the lease: it is renewed while the handler runs.
    await pause(OPTIONS.leaseMs * 1.5);
    expect(await decisionOf(two, delivery({ updated_at: later(1) }))).toBe('busy');
    expect(await one.complete([{ claim, result: 'handled' }])).toEqual([true]);
    expect(await decisionOf(two, delivery())).toBe('duplicate');
  });

  it('take over from one that died, whose late completion then changes nothing', async () => {
    const store = make();
    const [one, two] = [new DeliveryLedger(dying(store), OPTIONS), new DeliveryLedger(store, OPTIONS)];
    const dead = await claimOf(one, delivery());
    await pause(OPTIONS.leaseMs + 100);
    // What the dead one had begun may be done: nothing older may follow it.
    expect(await decisionOf(two, delivery({ updated_at: later(-1) }))).toBe('busy');
    const newer = await claimOf(two, delivery({ updated_at: later(7) }));
    expect(await two.complete([{ claim: newer, result: 'handled' }])).toEqual([true]);
    expect(await one.complete([{ claim: dead, result: 'handled' }])).toEqual([false]);
    expect(await decisionOf(two, delivery({ updated_at: later(5) }))).toBe('stale');
  });

  it('follow nothing with a claim that was taken over', async () => {
    const store = make();
    const [one, two] = [new DeliveryLedger(dying(store), OPTIONS), new DeliveryLedger(store, OPTIONS)];
    const dead = await claimOf(one, delivery());
    await pause(OPTIONS.leaseMs + 100);
    const taken = await claimOf(two, delivery());
    expect(await one.follow(dead, delivery({ updated_at: later(1) }))).toBeNull();
    expect(await one.complete([{ claim: dead, result: 'handled' }])).toEqual([false]);
    const next = await two.follow(taken, delivery({ updated_at: later(1) }));
    expect(await two.complete([{ claim: next!, result: 'handled' }])).toEqual([true]);
  });

  it('are renewed for the update that follows', async () => {
    const store = make();
    const [one, two] = [new DeliveryLedger(store, OPTIONS), new DeliveryLedger(store, OPTIONS)];
    const claim = await one.follow(await claimOf(one, delivery()), delivery({ updated_at: later(1) }));
    await pause(OPTIONS.leaseMs * 1.5);
    expect(await decisionOf(two, delivery({ updated_at: later(2) }))).toBe('busy');
    expect(await one.complete([{ claim: claim!, result: 'handled' }])).toEqual([true]);
  });

  it('claim each of many records once between them', async () => {
    const store = make();
    const both = [new DeliveryLedger(store, OPTIONS), new DeliveryLedger(store, OPTIONS)];
    const many = Array.from({ length: 100 }, (_, n) => delivery({ id: `p${n}` }));
    const decisions = await Promise.all(
      both.map((ledger, n) => claimAll(ledger, n === 0 ? many : many.toReversed())),
    );
    const claimed = decisions.flat().filter((one) => typeof one !== 'string');
    expect(claimed).toHaveLength(many.length);
    expect(new Set(claimed.map(({ delivery: { recordId } }) => recordId)).size).toBe(many.length);
    await Promise.all(
      both.map((ledger, n) =>
        ledger.complete(
          decisions[n]!.flatMap((claim) =>
            typeof claim === 'string' ? [] : [{ claim, result: 'handled' as const }],
          ),
        ),
      ),
    );
  });
});

/** A store that stops writing renewals, as that of a process that is gone. */
function dying(store: MaestranoStore): MaestranoStore {
  const writeMany = (writes: readonly StoreWrite[]): Promise<boolean[]> => {
    const isRenewal = writes.some(({ expected = null, value }) => {
      const { lease } = readState(expected);
      return lease !== null && lease.token === readState(value).lease?.token;
    });
    return isRenewal ? Promise.reject(new Error('gone')) : store.writeMany(writes);
  };
  return { getMany: store.getMany.bind(store), writeMany } as Partial<MaestranoStore> as MaestranoStore;
}

describe('a lease', () => {
  const leased = (since: number, at: number | null = delivery().at) => ({
    ...UNKNOWN_RECORD,
    lease: { token: 'x', at, since },
  });

  it('holds until it was not renewed for its time', () => {
    expect(decide(leased(0), delivery(), 999, 1_000)).toBe('busy');
    expect(decide(leased(0), delivery(), 1_000, 1_000)).toBe('handle');
  });

  it('of a dead process holds up what is older for ten times that', () => {
    const older = delivery({ updated_at: later(-1) });
    expect(decide(leased(0), older, 9_999, 1_000)).toBe('busy');
    expect(decide(leased(0), older, 10_000, 1_000)).toBe('handle');
    expect(decide(leased(0), delivery({ updated_at: later(1) }), 1_000, 1_000)).toBe('handle');
    expect(decide(leased(0, null), older, 1_000, 1_000)).toBe('handle');
  });

  it('holds nothing up that was handled already', () => {
    const state = { ...leased(0), at: delivery().at };
    expect(decide(state, delivery(), 1, 1_000)).toBe('duplicate');
    expect(decide(state, delivery({ updated_at: later(-1) }), 1, 1_000)).toBe('stale');
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

  it('takes the platform id out of external ids', () => {
    const id = [
      { id: '42', provider: 'acme', realm: 'r' },
      { id: 'uuid', provider: 'connec', realm: 'org-1' },
    ];
    expect(delivery({ id }).recordKey).toBe('uuid');
    expect(delivery({ id: id.slice(0, 1) }).recordKey).toMatch(/^#/);
  });

  it('is to be handled when nothing is known', () => {
    expect(decide(readState(null), delivery(), 0, 1)).toBe('handle');
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

  it('is kept in a bounded length, whatever comes', () => {
    expect(resourceKey(`spaceship${'X y'.repeat(1_000_000)}`).length).toBeLessThan(600);
  });

  it('joins two spellings of a resource in one body', () => {
    const body = readNotification(
      { person: { id: 1 }, people: [{ id: 2 }], action: 'x' },
      { maxEntities: 9, maxDepth: 9 },
      () => true,
    );
    expect({ ...body }).toEqual({ people: [{ id: 1 }, { id: 2 }] });
  });
});

import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { ConnecDelivery, DeliveryRecords } from '../../../src/connec/notifications/connec-delivery.js';
import { type DeliveryClaim, DeliveryLedger } from '../../../src/connec/notifications/delivery-ledger.js';
import {
  DeliveryRunner,
  type DeliveryRunnerParts,
  type NotificationReport,
} from '../../../src/connec/notifications/delivery-runner.js';
import { HandlerCaller, type HandlerCallerParts } from '../../../src/connec/notifications/handler-caller.js';
import { HandlerWatch } from '../../../src/connec/notifications/handler-watch.js';
import { ConnecNotificationCounters } from '../../../src/connec/notifications/notification-stats.js';
import type { Marketplace } from '../../../src/interfaces/marketplace.interface.js';
import { RedisStore } from '../../../src/redis/redis-store.js';
import { DeletedGroupsService } from '../../../src/stores/deleted-groups.service.js';
import type { MaestranoStore } from '../../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { countRoundTrips } from '../../support/round-trips.js';

const { TEST_REDIS_URL } = process.env;
const redis = TEST_REDIS_URL ? new Redis(TEST_REDIS_URL) : null;
const onRedis = redis ? describe : describe.skip;
if (!redis)
  console.warn(
    'Skipping round trips on Redis: redis-server is not installed (Debian package: redis-server).',
  );
afterAll(() => redis?.quit());

const SOURCE = { marketplace: { name: 'one' } as Marketplace, attempt: 1, identity: 'version' } as const;
const deliveryOf = (id: string, second = 0, groupUid = 'cld-1'): ConnecDelivery =>
  new ConnecDelivery(new DeliveryRecords(SOURCE, groupUid, 'people'), {
    id,
    updated_at: new Date(Date.UTC(2016, 7, 1, 0, 0, second)).toISOString(),
  });

let done: string[];
let handler: (delivery: ConnecDelivery) => Promise<void> | void;
let store: MaestranoStore;
let counters: ConnecNotificationCounters;

beforeEach(() => {
  Logger.overrideLogger(false);
  done = [];
  handler = () => undefined;
  store = new MemoryStore();
  counters = new ConnecNotificationCounters();
});

const ledgerOn = (of: MaestranoStore): DeliveryLedger =>
  new DeliveryLedger(of, { leaseMs: 60_000, rememberMs: 60_000 });

type DeletedOf = (groupUids: readonly string[]) => Promise<ReadonlySet<string>>;

/** Admits all groups but those that are deleted when they are asked about. */
function admissionBy(
  deletedOf: DeletedOf,
): DeliveryRunnerParts['admission'] & HandlerCallerParts['admission'] {
  let gone: ReadonlySet<string> = new Set();
  const of = (groupUid: string) => (gone.has(groupUid) ? 'deleted' : 'granted');
  return {
    isStopping: false,
    ask: async (groupUids) => (gone = await deletedOf(groupUids)),
    of,
    renewed: (groupUid) => Promise.resolve(of(groupUid)),
  };
}

/** One notification to an application that shares the store with all others. */
async function notify(
  deliveries: readonly ConnecDelivery[],
  {
    deletedOf = () => Promise.resolve(new Set()),
    ...parts
  }: Partial<DeliveryRunnerParts> & { readonly deletedOf?: DeletedOf } = {},
): Promise<NotificationReport> {
  const logger = new Logger('test');
  const admission = admissionBy(deletedOf);
  const run = async (_: unknown, context: unknown): Promise<void> => {
    const delivery = context as ConnecDelivery;
    await handler(delivery);
    done.push(`${delivery.recordId}/${delivery.updatedAt?.getUTCSeconds()}`);
  };
  const runner = new DeliveryRunner({
    ledger: ledgerOn(store),
    handlers: new HandlerCaller({
      handlersOf: () => [{ name: 'handler', run }],
      adapter: null,
      admission,
      watch: new HandlerWatch({ timeoutMs: 60_000, logger }),
      logger,
      counts: counters.counts,
    }),
    counters,
    logger,
    concurrency: 4,
    patienceMs: 300,
    admission,
    knowsGroup: () => Promise.resolve(true),
    ...parts,
  });
  const groups = new Map<string, ConnecDelivery[]>();
  for (const delivery of deliveries) {
    groups.set(delivery.groupUid, [...(groups.get(delivery.groupUid) ?? []), delivery]);
  }
  return runner.run(groups);
}

/** Whether the store knows that the deliveries were handled. */
async function noted(deliveries: readonly ConnecDelivery[]): Promise<boolean[]> {
  const ledger = ledgerOn(store);
  const decisions = await ledger.claim(deliveries, await ledger.read(deliveries));
  const claims = decisions.filter((one): one is DeliveryClaim => typeof one !== 'string');
  await ledger.complete(claims.map((claim) => ({ claim, result: 'untouched' })));
  return decisions.map((one) => one === 'duplicate');
}

describe('the deliveries of a notification', () => {
  it('are handled in their order within a group, also versions of one record', async () => {
    const all = [
      ['a', 1],
      ['b', 1],
      ['a', 2],
      ['a', 1],
      ['c', 1],
      ['a', 3],
      ['b', 1],
    ] as const;
    const report = await notify(all.map(([id, second]) => deliveryOf(id, second)));
    expect(done).toEqual(['a/1', 'b/1', 'a/2', 'c/1', 'a/3']);
    expect(report).toMatchObject({ failed: [], busy: [], error: null });
    expect(report.done).toHaveLength(7);
    expect(counters.counts).toMatchObject({ handled: 5, stale: 1, duplicates: 1 });
  });

  it('are noted at least once a second while handlers still run', async () => {
    const [first, second, slow] = [deliveryOf('a'), deliveryOf('b'), deliveryOf('slow')];
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    handler = ({ recordId }) => (recordId === 'slow' ? held : undefined);
    const running = notify([first, second, slow]);
    await pause(1_200);
    expect(done).toEqual(['a/0', 'b/0']);
    expect(await noted([first, second, slow])).toEqual([true, true, false]);
    release();
    await running;
    expect(await noted([slow])).toEqual([true]);
  });

  it('do not keep others from records that only wait for their turn', async () => {
    const [slow, waiting] = [deliveryOf('slow'), deliveryOf('waiting', 1)];
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    handler = ({ recordId }) => (recordId === 'slow' ? held : undefined);
    const running = notify([slow, waiting]);
    await pause(1_200);
    // Another instance has something newer meanwhile.
    const newer = deliveryOf('waiting', 2);
    expect((await notify([newer])).busy).toEqual([]);
    expect((await notify([deliveryOf('slow', 2)])).busy).toHaveLength(1);
    release();
    await running;
    expect(done).toEqual(['waiting/2', 'slow/0']);
    expect(counters.counts).toMatchObject({ handled: 2, stale: 1 });
  });

  it('are claimed about a second ahead while handlers are slow', async () => {
    const all = Array.from({ length: 12 }, (_, n) => deliveryOf(`p${n}`));
    handler = () => pause(150);
    const claimed: number[] = [];
    class WatchedLedger extends DeliveryLedger {
      override claim(...parts: Parameters<DeliveryLedger['claim']>): ReturnType<DeliveryLedger['claim']> {
        claimed.push(parts[0].length);
        return super.claim(...parts);
      }
    }
    await notify(all, { ledger: new WatchedLedger(store, { leaseMs: 60_000, rememberMs: 60_000 }) });
    expect(done).toHaveLength(12);
    expect(claimed[0]).toBe(12);
    expect(claimed.length).toBeGreaterThan(1);
    expect(Math.max(...claimed.slice(1))).toBeLessThan(10);
  });

  it('wait for a record that another instance is handling, after all others', async () => {
    const elsewhere = ledgerOn(store);
    const [claim] = await elsewhere.claim([deliveryOf('b', 1)], [null]);
    const running = notify(
      ['a', 'b', 'c'].map((id) => deliveryOf(id, 2)),
      { patienceMs: 5_000 },
    );
    await pause(100);
    expect(done).toEqual(['a/2', 'c/2']);
    await elsewhere.complete([{ claim: claim as DeliveryClaim, result: 'handled' }]);
    expect(await running).toMatchObject({ failed: [], busy: [], error: null });
    expect(done).toEqual(['a/2', 'c/2', 'b/2']);
  });

  it('keep the order of a record that has to wait', async () => {
    const elsewhere = ledgerOn(store);
    const [claim] = await elsewhere.claim([deliveryOf('b', 1)], [null]);
    const running = notify([deliveryOf('b', 2), deliveryOf('b', 3), deliveryOf('a')], { patienceMs: 5_000 });
    await pause(50);
    await elsewhere.complete([{ claim: claim as DeliveryClaim, result: 'handled' }]);
    await running;
    expect(done).toEqual(['a/0', 'b/2', 'b/3']);
  });

  it('are busy when that takes too long, and the others are handled all the same', async () => {
    await ledgerOn(store).claim([deliveryOf('b', 1)], [null]);
    const all = ['a', 'b', 'c'].map((id) => deliveryOf(id, 2));
    const report = await notify([...all, deliveryOf('b', 3)]);
    expect(report.busy.map(({ recordId, at }) => `${recordId}/${at! % 10_000}`)).toEqual([
      'b/2000',
      'b/3000',
    ]);
    expect(done).toEqual(['a/2', 'c/2']);
    expect(counters.counts).toMatchObject({ handled: 2, busy: 2 });
    expect(await noted(all)).toEqual([true, false, true]);
  });

  it('of several groups are handled at the same time, as many as allowed', async () => {
    let inside = 0;
    let most = 0;
    handler = async () => {
      most = Math.max(most, (inside += 1));
      await pause(5);
      inside -= 1;
    };
    const groups = Array.from({ length: 9 }, (_, n) => `cld-${n}`);
    await notify(
      groups.flatMap((group) => [deliveryOf('a', 1, group), deliveryOf('b', 1, group)]),
      {
        concurrency: 3,
      },
    );
    expect(done).toHaveLength(18);
    expect(most).toBe(3);
  });

  it('of a group that cancels meanwhile are dropped from then on', async () => {
    const gone = new Set<string>();
    handler = async ({ recordId }) => {
      if (recordId !== 'slow') return;
      await pause(1_100);
      gone.add('cld-1');
    };
    const all = [deliveryOf('slow'), deliveryOf('a'), deliveryOf('b'), deliveryOf('c', 0, 'cld-2')];
    await notify(all, { deletedOf: () => Promise.resolve(gone) });
    expect(done).toEqual(['c/0', 'slow/0']);
    expect(counters.counts).toMatchObject({ handled: 2, deletedGroup: 2 });
  });

  it('of groups that are unknown or gone are claimed by nobody', async () => {
    const all = ['known', 'unknown', 'gone'].map((group) => deliveryOf('a', 1, group));
    await notify(all, {
      deletedOf: () => Promise.resolve(new Set(['gone'])),
      knowsGroup: (groupUid) => Promise.resolve(groupUid !== 'unknown'),
    });
    expect(done).toEqual(['a/1']);
    expect(counters.counts).toMatchObject({ handled: 1, deletedGroup: 1, unknownGroup: 1 });
    expect(await ledgerOn(store).read(all)).toEqual([expect.any(String), null, null]);
  });

  it('that fail are given out again with the next notification', async () => {
    const bad = deliveryOf('bad');
    handler = ({ recordId }) => {
      if (recordId === 'bad') throw new Error('no room');
    };
    const report = await notify([bad, deliveryOf('good'), deliveryOf('bad', 5)]);
    expect(report.failed.map(({ recordId }) => recordId)).toEqual(['bad', 'bad']);
    expect(report.error).toEqual(new Error('no room'));
    handler = () => undefined;
    await notify([deliveryOf('good'), bad, deliveryOf('bad', 5)]);
    // The newer one had begun, so the older one must not follow it.
    expect(done).toEqual(['good/0', 'bad/5']);
  });

  it('reject with what the store fails with, begin nothing more, and note what was done', async () => {
    const all = [deliveryOf('a'), deliveryOf('b', 1), deliveryOf('b', 2), deliveryOf('c')];
    const { writeMany } = store;
    let writes = 0;
    // Claims, then what became of the first update of a record with the claim of the second.
    store.writeMany = (some) =>
      (writes += 1) === 2 ? Promise.reject(new Error('redis is down')) : writeMany.call(store, some);
    await expect(notify(all)).rejects.toThrow('redis is down');
    store.writeMany = writeMany.bind(store);
    expect(done).toEqual(['a/0', 'b/1']);
    expect(await noted([all[0]!, all[1]!, all[3]!])).toEqual([true, true, false]);
    await notify(all);
    expect(done).toEqual(['a/0', 'b/1', 'b/2', 'c/0']);
  });

  it('of one record are each claimed with the end of the one before, without reading it again', async () => {
    const { getMany, writeMany } = store;
    let [reads, writes] = [0, 0];
    store.getMany = (keys) => {
      reads += 1;
      return getMany.call(store, keys);
    };
    store.writeMany = (some) => {
      writes += 1;
      return writeMany.call(store, some);
    };
    const all = Array.from({ length: 20 }, (_, second) => deliveryOf('a', second));
    await notify(all);
    expect(done).toHaveLength(20);
    expect(reads).toBeLessThanOrEqual(3);
    expect(writes).toBe(21);
    expect(await noted([all[19]!])).toEqual([true]);
  });

  it('of one record go on behind one that fails, and none is begun twice', async () => {
    handler = ({ updatedAt }) => {
      if (updatedAt?.getUTCSeconds() === 3) throw new Error('no room');
    };
    const all = Array.from({ length: 6 }, (_, second) => deliveryOf('a', second));
    const report = await notify(all);
    expect(done).toEqual(['a/0', 'a/1', 'a/2', 'a/4', 'a/5']);
    expect(report.failed.map(({ updatedAt }) => updatedAt?.getUTCSeconds())).toEqual([3]);
    await notify(all);
    expect(done).toHaveLength(5);
  });

  it('that are old or known are as many in one look as new ones', async () => {
    const all = Array.from({ length: 1_500 }, (_, n) => deliveryOf(`r${n}`, 1));
    await notify(all);
    const { getMany } = store;
    let reads = 0;
    store.getMany = (keys) => {
      reads += 1;
      return getMany.call(store, keys);
    };
    await notify(all);
    expect(counters.counts.duplicates).toBe(1_500);
    expect(reads).toBeLessThan(20);
  });

  it('reject when the application cannot say whether it knows the group', async () => {
    const failing = { knowsGroup: () => Promise.reject(new Error('database is down')) };
    await expect(notify([deliveryOf('a')], failing)).rejects.toThrow('database is down');
    expect(done).toEqual([]);
  });
});

onRedis('200 entities on Redis', () => {
  it.each([
    ['one company', 1],
    ['two companies', 2],
    ['twenty companies', 20],
  ])('of %s cost three round trips: read, claim, complete', async (_name, companies) => {
    store = new RedisStore(redis!, { prefix: `t-${randomUUID()}:` });
    const all = Array.from({ length: 200 }, (_, n) => deliveryOf(`p${n}`, 0, `cld-${n % companies}`));
    const { count, commands } = await countRoundTrips(redis!, async () => {
      await notify(all, {
        deletedOf: (groupUids) => new DeletedGroupsService(store).deletedOf('one', groupUids),
      });
    });
    expect(done).toHaveLength(200);
    expect(count).toBe(3);
    // One command a company for each step, and for its mark as deleted.
    expect(commands).toHaveLength(4 * companies);
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import type { QueuedNotification } from '../connec/notifications/notification-queue.js';
import { type ContractCase, eventually } from './contract-case.js';
import {
  type ClosableQueue,
  DONE,
  idsOf,
  isEmpty,
  notification,
  type NotificationQueueSetup,
  type QueueCaseWork,
} from './notification-queue-case.js';
import { DEAD_LETTER_CASES } from './notification-queue-dead-letter-cases.js';

/** How a queue is put through {@link notificationQueueContract}. */
export interface NotificationQueueContractOptions {
  /**
   * Whether others take up what a closed queue had begun although its work never ends, as that of a process that died:
   * not so in memory, nor where a process keeps its work for as long as it lives. True by default.
   */
  readonly survives?: boolean;
  /** Milliseconds to wait for what a queue does by itself; 20,000 by default. */
  readonly patienceMs?: number;
}

type MakeQueue = (setup: NotificationQueueSetup) => ClosableQueue | Promise<ClosableQueue>;

/** Text that a careless queue changes: U+0000, half a character, a large number, an order of names. */
const TEXTS = { zero: 'a\0b', half: 'a\ud800b', number: 9_007_199_254_740_991, emoji: '🦜' };

const CASES: Readonly<Record<string, (work: QueueCaseWork) => Promise<void>>> = {
  'hands out what was added, as it was': async ({ open, until }) => {
    const queue = await open();
    const seen: [QueuedNotification, number][] = [];
    await queue.start(async (one, attempt) => {
      seen.push([one, attempt]);
      return DONE;
    });
    const resources = {
      zebras: [{ group_id: 'cld-1', ...TEXTS }],
      ants: [{ id: 1, nested: { b: 1, a: [null] } }],
    };
    const added = { ...notification([]), resources } as unknown as QueuedNotification;
    await queue.add(added);
    await until(() => seen.length === 1, 'the notification is handed out');
    assert.deepEqual(seen, [[added, 1]]);
    assert.equal(JSON.stringify(seen[0]![0].resources), JSON.stringify(resources), 'order of names');
    await until(async () => isEmpty(queue), 'nothing is left of it');
    assert.equal((await queue.counts()).lagMs, null);
  },

  'keeps what is only stored until somebody handles it, and says for how long': async ({ open, until }) => {
    const receiver = await open({ worker: false });
    await receiver.start(async () => assert.fail('It was only to store.'));
    await receiver.add(notification(['a']));
    await receiver.add(notification(['b']));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { waiting, active, delayed, dead, lagMs } = await receiver.counts();
    assert.deepEqual({ waiting, active, delayed, dead }, { waiting: 2, active: 0, delayed: 0, dead: 0 });
    assert.ok(lagMs !== null && lagMs >= 0 && lagMs < 60_000, `lag of ${lagMs} ms`);
    const seen: string[] = [];
    const worker = await open();
    await worker.start(async ({ resources }) => {
      seen.push(...idsOf(resources));
      return DONE;
    });
    await until(() => seen.length === 2, 'another process handles them');
    assert.deepEqual(seen.toSorted(), ['a', 'b']);
  },

  'hands out each to one of two workers': async ({ open, until }) => {
    const queues = [await open(), await open()];
    const seen: string[] = [];
    for (const queue of queues) {
      await queue.start(async ({ resources }) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        seen.push(...idsOf(resources));
        return DONE;
      });
    }
    const ids = Array.from({ length: 40 }, (_, n) => `r-${n}`);
    await Promise.all(ids.map((id, n) => queues[n % 2]!.add(notification([id]))));
    await until(() => seen.length >= 40, 'all are handled');
    await until(() => isEmpty(queues[0]!), 'nothing is left');
    assert.deepEqual(seen.toSorted(), ids.toSorted());
  },

  'hands out what is left of a failure, and counts the attempts': async ({ open, until }) => {
    const queue = await open({ attempts: 5 });
    const seen: string[] = [];
    await queue.start(async ({ resources }, attempt) => {
      seen.push(`${idsOf(resources).join('+')} at ${attempt}`);
      if (attempt === 3) return DONE;
      return { remaining: notification(['b']).resources, error: new Error('no room') };
    });
    await queue.add(notification(['a', 'b']));
    await until(() => seen.length === 3, 'three attempts');
    assert.deepEqual(seen, ['a+b at 1', 'b at 2', 'b at 3']);
    await until(() => isEmpty(queue), 'nothing is left');
  },

  'hands out again what only waits for another process, and counts no attempt': async ({ open, until }) => {
    const queue = await open({ attempts: 1 });
    const attempts: number[] = [];
    await queue.start(async ({ resources }, attempt) => {
      attempts.push(attempt);
      return attempts.length < 3 ? { remaining: resources, error: null } : DONE;
    });
    await queue.add(notification(['a']));
    await until(() => attempts.length === 3, 'it is handed out three times');
    assert.deepEqual(attempts, [1, 1, 1]);
    await until(() => isEmpty(queue), 'nothing is left');
    assert.equal((await queue.counts()).dead, 0);
  },

  'counts a rejection of the work as an attempt': async ({ open, until }) => {
    const queue = await open({ attempts: 1 });
    await queue.start(async () => {
      throw new Error('the store is away');
    });
    await queue.add(notification(['a']));
    await until(async () => (await queue.counts()).dead === 1, 'it is given up');
    assert.match((await queue.deadLetters())[0]!.reason, /the store is away/);
  },

  'removes the entities of a group, and leaves all others': async ({ open, until }) => {
    const failing = await open({ attempts: 1 });
    await failing.start(async ({ resources }) => ({ remaining: resources, error: new Error('no room') }));
    await failing.add(notification(['dead'], { group: 'gone' }));
    await until(async () => (await failing.counts()).dead === 1, 'a dead letter');
    await failing.stop(1_000);

    const receiver = await open({ worker: false });
    const mixed = notification(['a'], { group: 'gone' });
    const both = {
      ...mixed,
      resources: { people: [...mixed.resources['people']!, ...notification(['b']).resources['people']!] },
    };
    await receiver.add(both);
    await receiver.add(notification(['c', 'd'], { group: 'gone' }));
    await receiver.add(notification(['e'], { group: 'gone', marketplace: 'other' }));
    assert.equal(await receiver.removeGroup('acme', 'gone', 0), 4);
    assert.equal(await receiver.removeGroup('acme', 'gone', 0), 0);
    const { waiting, dead } = await receiver.counts();
    assert.deepEqual({ waiting, dead }, { waiting: 2, dead: 0 });
    const seen: string[] = [];
    const worker = await open();
    await worker.start(async ({ resources }) => {
      seen.push(...idsOf(resources));
      return DONE;
    });
    await until(() => seen.length === 2, 'the others are handled');
    assert.deepEqual(seen.toSorted(), ['b', 'e']);
  },

  'removes the entities of a group that are being handled, once that is over': async ({ open, until }) => {
    const queue = await open({ backoffMs: 60_000 });
    let end: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      end = resolve;
    });
    await queue.start(async ({ resources }) => {
      await held;
      return { remaining: resources, error: new Error('no room') };
    });
    await queue.add(notification(['a'], { group: 'gone' }));
    await until(async () => (await queue.counts()).active === 1, 'it is being handled');
    const removing = queue.removeGroup('acme', 'gone', 10_000);
    setTimeout(end, 50);
    assert.equal(await removing, 1);
    assert.equal(await isEmpty(queue), true);
  },

  'waits for what it handles when it stops, and hands out nothing more': async ({ open, until }) => {
    const queue = await open();
    const seen: string[] = [];
    let isBegun = false;
    await queue.start(async ({ resources }) => {
      isBegun = true;
      await new Promise((resolve) => setTimeout(resolve, 200));
      seen.push(...idsOf(resources));
      return DONE;
    });
    await queue.add(notification(['a']));
    // One that is taken and not begun is rightly given back.
    await until(() => isBegun, 'it is being handled');
    await queue.stop(10_000);
    assert.deepEqual(seen, ['a']);
    await queue.stop(10_000);
    const receiver = await open({ worker: false });
    await receiver.add(notification(['b']));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(seen, ['a']);
    assert.equal((await receiver.counts()).waiting, 1);
  },

  'stops at its deadline, and another takes up what was not finished': async ({ open, until }) => {
    const lockMs = 1_000;
    const queue = await open({ lockMs });
    let isBegun = false;
    await queue.start(() => {
      isBegun = true;
      return new Promise(() => undefined);
    });
    await queue.add(notification(['a']));
    await until(() => isBegun, 'it is being handled');
    const begun = performance.now();
    await queue.stop(100);
    assert.ok(performance.now() - begun < 10_000, 'it waited longer than it was allowed to');
    await queue.close?.();
    const seen: string[] = [];
    const other = await open({ lockMs });
    await other.start(async ({ resources }) => {
      seen.push(...idsOf(resources));
      return DONE;
    });
    await until(() => seen.length === 1, 'another takes it up');
  },

  'keeps what takes longer than the time after which a dead process is replaced': async ({ open, until }) => {
    const lockMs = 1_000;
    const queues = [await open({ lockMs }), await open({ lockMs })];
    let begun = 0;
    let ended = 0;
    for (const queue of queues) {
      await queue.start(async () => {
        begun += 1;
        await new Promise((resolve) => setTimeout(resolve, 4 * lockMs));
        ended += 1;
        return DONE;
      });
    }
    await queues[0]!.add(notification(['a']));
    await until(() => ended === 1, 'it is handled');
    assert.equal(begun, 1);
    await until(() => isEmpty(queues[0]!), 'nothing is left');
  },
  ...DEAD_LETTER_CASES,
};

/** Cases that ask for more than one process. */
const SURVIVAL = new Set(['stops at its deadline, and another takes up what was not finished']);

/**
 * What every `NotificationQueue` must do, as cases for any test runner: what it hands out and how often, what it gives
 * up, replays and removes, and how it stops. Each case has a queue of its own, by its name.
 *
 * ```ts
 * const make = ({ name, ...setup }: NotificationQueueSetup) => new MyQueue({ queueName: name, ...setup });
 * for (const { name, run } of notificationQueueContract(make)) it(name, run, 60_000);
 * ```
 *
 * @param makeQueue opens a queue of that name. Those with one name share their notifications, those with others do not.
 */
export function notificationQueueContract(
  makeQueue: MakeQueue,
  { survives = true, patienceMs = 20_000 }: NotificationQueueContractOptions = {},
): readonly ContractCase[] {
  const run = async (check: (work: QueueCaseWork) => Promise<void>): Promise<void> => {
    const setup: NotificationQueueSetup = {
      name: `contract-${randomUUID()}`,
      worker: true,
      attempts: 3,
      backoffMs: 10,
      lockMs: 30_000,
    };
    const opened: ClosableQueue[] = [];
    try {
      await check({
        open: async (more = {}) => {
          const queue = await makeQueue({ ...setup, ...more });
          opened.push(queue);
          return queue;
        },
        until: (condition, what) => eventually(async () => condition(), what, patienceMs),
      });
    } finally {
      for (const queue of opened) {
        await queue.stop(100);
        await queue.close?.();
      }
    }
  };
  return Object.entries(CASES)
    .filter(([name]) => survives || !SURVIVAL.has(name))
    .map(([name, check]) => ({ name, run: () => run(check) }));
}

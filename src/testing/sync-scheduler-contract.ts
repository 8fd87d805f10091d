import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import type { SyncScheduler } from '../stores/sync-scheduler.js';
import { type ContractCase, eventually } from './contract-case.js';

/** What a scheduler of the contract is made with. */
export interface SyncSchedulerSetup {
  /** Of the queue, and nobody else's: two with one name are two processes at one queue. */
  readonly name: string;
  /** Whether it also does slices. */
  readonly worker: boolean;
  /** When the work of a process that died is taken up, in milliseconds. */
  readonly lockMs: number;
}

/** A scheduler that the contract opened; `close` ends what it opened beside its work. */
export type ClosableScheduler = SyncScheduler & { close?(): Promise<void> };

/** How a scheduler is put through {@link syncSchedulerContract}. */
export interface SyncSchedulerContractOptions {
  /** Whether two with one name share their work; false in memory, where those cases are left out. True by default. */
  readonly shared?: boolean;
  /** Milliseconds to wait for what a queue does by itself; 20,000 by default. */
  readonly patienceMs?: number;
}

interface Work {
  readonly open: (more?: Partial<SyncSchedulerSetup>) => Promise<ClosableScheduler>;
  readonly until: (condition: () => boolean, what: string) => Promise<void>;
}

/** Milliseconds in which a slice that must not follow would. */
const QUIET_MS = 600;

const groupOf = (groupUid: string, marketplace = 'acme'): GroupReference => ({ marketplace, groupUid });
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, QUIET_MS));

/** A slice that the test lets go on. */
class Gate {
  #open: (() => void) | null = null;
  readonly passed = new Promise<void>((resolve) => {
    this.#open = resolve;
  });

  open(): void {
    this.#open?.();
  }
}

const CASES: Readonly<Record<string, (work: Work) => Promise<void>>> = {
  'does a slice of the group that was named, whatever its name': async ({ open, until }) => {
    const scheduler = await open();
    const seen: GroupReference[] = [];
    scheduler.work(async (group) => {
      seen.push(group);
      return false;
    }, 2);
    const groups = [groupOf('cld-1'), groupOf('cld:2/é "x"', 'a b:c%2F'), groupOf('cld-1', 'other')];
    for (const group of groups) await scheduler.enqueue(group);
    await until(() => seen.length === 3, 'three slices');
    const text = (group: GroupReference): string => JSON.stringify([group.marketplace, group.groupUid]);
    assert.deepEqual(seen.map(text).toSorted(), groups.map(text).toSorted());
    await scheduler.idle();
  },

  'makes one slice of many that are asked for while one waits': async ({ open, until }) => {
    const scheduler = await open();
    for (let count = 0; count < 10; count += 1) await scheduler.enqueue(groupOf('cld-1'));
    let slices = 0;
    scheduler.work(async () => (slices += 1) < 0, 2);
    await until(() => slices === 1, 'a slice');
    await quiet();
    assert.equal(slices, 1);
  },

  'makes one more of many that are asked for while one is under way': async ({ open, until }) => {
    const scheduler = await open();
    const gate = new Gate();
    let slices = 0;
    scheduler.work(async () => {
      slices += 1;
      await gate.passed;
      return false;
    }, 4);
    await scheduler.enqueue(groupOf('cld-1'));
    await until(() => slices === 1, 'the first slice');
    for (let count = 0; count < 10; count += 1) await scheduler.enqueue(groupOf('cld-1'));
    await quiet();
    assert.equal(slices, 1, 'of a group one slice is under way at a time');
    gate.open();
    await until(() => slices === 2, 'one more');
    await quiet();
    assert.equal(slices, 2);
  },

  'puts a group that has more to do behind all that wait': async ({ open, until }) => {
    const scheduler = await open();
    const order: string[] = [];
    for (const name of ['large', 'a', 'b', 'c']) await scheduler.enqueue(groupOf(name));
    scheduler.work(async ({ groupUid }) => {
      order.push(groupUid);
      return groupUid === 'large' && order.filter((one) => one === 'large').length < 3;
    }, 1);
    await until(() => order.length === 6, 'six slices');
    await quiet();
    assert.deepEqual(order, ['large', 'a', 'b', 'c', 'large', 'large']);
  },

  'has no more groups under way than it may': async ({ open, until }) => {
    const scheduler = await open();
    let [now, most, done] = [0, 0, 0];
    scheduler.work(async () => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      now -= 1;
      done += 1;
      return false;
    }, 3);
    for (let n = 0; n < 12; n += 1) await scheduler.enqueue(groupOf(`cld-${n}`));
    await until(() => done === 12, 'all groups');
    assert.ok(most <= 3, `${most} at once`);
  },

  'has no slice follow of a group that was cancelled': async ({ open, until }) => {
    const scheduler = await open();
    for (const name of ['gone', 'stays']) await scheduler.enqueue(groupOf(name));
    await scheduler.cancel(groupOf('gone'));
    await scheduler.cancel(groupOf('never asked for'));
    const seen: string[] = [];
    scheduler.work(async ({ groupUid }) => {
      seen.push(groupUid);
      return false;
    }, 2);
    await until(() => seen.length > 0, 'a slice');
    await quiet();
    assert.deepEqual(seen, ['stays']);
    await scheduler.enqueue(groupOf('gone'));
    await until(() => seen.length === 2, 'a group that comes back');
  },

  'ends what is under way when it stops, and begins nothing more': async ({ open, until }) => {
    const scheduler = await open();
    const seen: string[] = [];
    scheduler.work(async ({ groupUid }, signal) => {
      seen.push(groupUid);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      return true;
    }, 1);
    await scheduler.enqueue(groupOf('cld-1'));
    await until(() => seen.length === 1, 'a slice');
    await scheduler.stop(10_000);
    await quiet();
    assert.deepEqual(seen, ['cld-1']);
  },
};

const SHARED: Readonly<Record<string, (work: Work) => Promise<void>>> = {
  'keeps what a process without a worker asks for': async ({ open, until }) => {
    const asking = await open({ worker: false });
    asking.work(async () => assert.fail('It was only to ask.'), 1);
    await asking.enqueue(groupOf('cld-1'));
    await quiet();
    const working = await open();
    const seen: string[] = [];
    working.work(async ({ groupUid }) => {
      seen.push(groupUid);
      return false;
    }, 1);
    await until(() => seen.length === 1, 'another process does it');
  },

  'has each group done by one of two processes at a time': async ({ open, until }) => {
    const processes = [await open(), await open()];
    const now = new Map<string, number>();
    let done = 0;
    let overlaps = 0;
    for (const one of processes) {
      one.work(async ({ groupUid }) => {
        const count = (now.get(groupUid) ?? 0) + 1;
        now.set(groupUid, count);
        if (count > 1) overlaps += 1;
        await new Promise((resolve) => setTimeout(resolve, 10));
        now.set(groupUid, (now.get(groupUid) ?? 0) - 1);
        done += 1;
        return done < 60;
      }, 4);
    }
    for (let n = 0; n < 40; n += 1) await processes[n % 2]!.enqueue(groupOf(`cld-${n % 5}`));
    await until(() => done >= 60, 'many slices of few groups');
    assert.equal(overlaps, 0);
  },

  'has another process go on when one stops': async ({ open, until }) => {
    const [first, second] = [await open(), await open()];
    let begun = 0;
    first.work(async (_group, signal) => {
      begun += 1;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      return true;
    }, 1);
    await first.enqueue(groupOf('cld-1'));
    await until(() => begun === 1, 'the first process begins');
    await first.stop(10_000);
    const seen: string[] = [];
    second.work(async ({ groupUid }) => {
      seen.push(groupUid);
      return false;
    }, 1);
    await until(() => seen.length === 1, 'the second goes on');
    await quiet();
    assert.deepEqual(seen, ['cld-1']);
  },

  'has another process do what one that died was doing, and what was asked for meanwhile': async ({
    open,
    until,
  }) => {
    const [first, second] = [await open({ lockMs: 1_000 }), await open({ lockMs: 1_000 })];
    let begun = 0;
    first.work(async () => {
      begun += 1;
      return new Promise<never>(() => undefined);
    }, 1);
    await first.enqueue(groupOf('cld-1'));
    await until(() => begun === 1, 'the first process begins');
    await first.stop(0);
    await second.enqueue(groupOf('cld-1'));
    let seen = 0;
    second.work(async () => (seen += 1) < 0, 1);
    await until(() => seen > 0, 'the second does it');
    await quiet();
    assert.ok(seen <= 2, `${seen} slices`);
    await second.enqueue(groupOf('cld-1'));
    const before = seen;
    await until(() => seen > before, 'the group is free afterwards');
  },
};

/**
 * The contract of a {@link SyncScheduler}, as cases for any test runner.
 *
 * ```ts
 * for (const { name, run } of syncSchedulerContract(({ name }) => new MyScheduler(name))) it(name, run);
 * ```
 *
 * @param make opens one; those with equal names share a queue. The contract stops and closes it.
 */
export function syncSchedulerContract(
  make: (setup: SyncSchedulerSetup) => ClosableScheduler | Promise<ClosableScheduler>,
  { shared = true, patienceMs = 20_000 }: SyncSchedulerContractOptions = {},
): readonly ContractCase[] {
  return Object.entries(shared ? { ...CASES, ...SHARED } : CASES).map(([name, check]) => ({
    name,
    run: async () => {
      const queue = `contract-${randomUUID()}`;
      const opened: ClosableScheduler[] = [];
      try {
        await check({
          open: async (more) => {
            opened.push(await make({ name: queue, worker: true, lockMs: 10_000, ...more }));
            return opened.at(-1)!;
          },
          until: (condition, what) => eventually(async () => condition(), what, patienceMs),
        });
      } finally {
        for (const one of opened) await one.stop(100);
        for (const one of opened) await one.close?.();
      }
    },
  }));
}

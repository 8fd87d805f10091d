import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { Admission } from '../../../src/sync/schedule/admission.js';
import { dueTime, isLost } from '../../../src/sync/schedule/due-time.js';
import { MemorySyncScheduler } from '../../../src/sync/schedule/memory-sync-scheduler.js';
import { SyncSchedule } from '../../../src/sync/schedule/sync-schedule.service.js';
import { RunStates } from '../../../src/sync/run-states.js';
import { presentRun } from '../../../src/sync/slices.js';
import { MemorySyncStore } from '../../../src/sync/store/memory-sync-store.js';
import { NEW_GROUP, type SyncRunState } from '../../../src/sync/store/sync-store.js';
import type { RecurringWork } from '../../../src/stores/recurring-work.js';
import type { MaestranoSync } from '../../../src/sync/sync.service.js';

const HOUR = 3_600_000;
const NOW = 1_700_000_000_000;

const ended = (at: number, code: string | null = null): { readonly run: SyncRunState } => ({
  run: { id: 'r', status: code ? 'ERROR' : 'SUCCESS', message: '', startedAt: at - 1_000, endedAt: at, code },
});
const scopeOf = (group: string, marketplace = 'uat') => ({ app: 'default', marketplace, group });

function scheduled(store: MemorySyncStore) {
  const started: string[] = [];
  const sync = {
    due: jest.fn(async ({ marketplace, groupUid }: { marketplace: string; groupUid: string }) => {
      started.push(`${marketplace}/${groupUid}`);
    }),
  };
  const options = { store, entities: [], owner: { provider: 'p', realm: 'r' } };
  const schedule = new SyncSchedule(options, sync as unknown as MaestranoSync);
  return { schedule, started };
}

describe('the start', () => {
  it('says what is synchronized, how often, and where it is kept', () => {
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const options = { store: new MemorySyncStore(), entities: [], owner: { provider: 'p', realm: 'r' } };
    const sync = { entities: ['people', 'items'] } as unknown as MaestranoSync;
    new SyncSchedule({ ...options, schedule: 'off' }, sync).onApplicationBootstrap();
    expect(log).toHaveBeenCalledWith(
      'Synchronization: people, items; when asked for; links in MemorySyncStore',
    );
    log.mockRestore();
  });
});

describe('when groups are due', () => {
  it('is once in every interval, at a moment of its own, and never soon after a run', () => {
    for (let n = 0; n < 200; n += 1) {
      const scope = scopeOf(`cld-${n}`);
      const first = dueTime(scope, ended(NOW), HOUR);
      expect(first).toBeGreaterThanOrEqual(NOW + HOUR / 2);
      expect(first).toBeLessThan(NOW + 1.5 * HOUR);
      // From then on the same moment of every hour.
      expect(dueTime(scope, ended(first + 20_000), HOUR)).toBe(first + HOUR);
    }
  });

  it('is spread over the interval', () => {
    const minutes = Array.from({ length: 60 }, () => 0);
    for (let n = 0; n < 6_000; n += 1) {
      minutes[Math.floor((dueTime(scopeOf(`cld-${n}`), ended(NOW), HOUR) % HOUR) / 60_000)]! += 1;
    }
    expect(Math.min(...minutes)).toBeGreaterThan(50);
    expect(Math.max(...minutes)).toBeLessThan(170);
  });

  it('is at once for a group whose process died long ago', () => {
    const run = {
      id: 'r',
      status: 'RUNNING',
      message: '',
      startedAt: NOW - 2 * HOUR,
      endedAt: null,
    } as const;
    expect(dueTime(scopeOf('cld-1'), { run }, HOUR)).toBeLessThanOrEqual(NOW);
  });
});

describe('the schedule', () => {
  it('begins what is due and switched on, of all pages, and keeps nothing of a group', async () => {
    const store = new MemorySyncStore();
    for (let n = 0; n < 2_500; n += 1) {
      const state = n % 5 === 0 ? ended(NOW) : ended(NOW - 2 * HOUR);
      await store.setGroup(scopeOf(`cld-${n}`), { ...state, enabled: n % 10 !== 1 });
    }
    await store.setGroup({ ...scopeOf('cld-foreign'), app: 'other' }, ended(NOW - 2 * HOUR));
    const { schedule, started } = scheduled(store);
    const handles = process.getActiveResourcesInfo().length;
    expect(await schedule.turn(NOW)).toBe(1_750);
    expect(new Set(started).size).toBe(1_750);
    expect(started).not.toContain('uat/cld-foreign');
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(handles);
  });

  it('goes by the clock that all processes share, however wrong that of the one was that ran a group', async () => {
    const realNow = Date.now;
    const store = new MemorySyncStore();
    let shared = NOW;
    store.now = async () => shared;
    const scope = scopeOf('cld-1');
    const lease = (await store.acquire(scope, 60_000))!;
    try {
      Date.now = () => shared + 24 * HOUR;
      const states = new RunStates(store);
      const run = await states.begin(lease, null);
      await states.end(lease, { ...run, status: 'SUCCESS' }, { pausedUntil: Date.now() + 60_000 });
      expect(await store.group(scope)).toMatchObject({ run: { endedAt: NOW }, pausedUntil: NOW + 60_000 });
    } finally {
      Date.now = realNow;
    }
    await store.release(lease);
    shared = NOW + 2 * HOUR;
    const { schedule, started } = scheduled(store);
    expect(await schedule.turn()).toBe(1);
    expect(started).toEqual(['uat/cld-1']);
  });

  it('goes on when that clock is set back by a day, once for each company', async () => {
    const store = new MemorySyncStore();
    const BACK = NOW - 24 * HOUR;
    store.now = async () => BACK;
    const wanted = { id: 'w', at: NOW, options: {} };
    await store.setGroup(scopeOf('cld-ended'), { ...ended(NOW), wanted, taken: { id: 'w', options: null } });
    await store.setGroup(scopeOf('cld-asked'), { wanted });
    await store.setGroup(scopeOf('cld-left'), { ...ended(NOW), wanted, taken: { id: 'w', options: {} } });
    for (let n = 0; n < 4; n += 1)
      await store.setGroup(scopeOf(`cld-${n}`, 'away'), ended(NOW + n, 'sync.sideAway'));
    const { schedule, started } = scheduled(store);
    expect(await schedule.turn()).toBe(4);
    const names = started.map((name) => name.replace(/^away.*/, 'one that is away'));
    expect(names.toSorted()).toEqual(['one that is away', 'uat/cld-asked', 'uat/cld-ended', 'uat/cld-left']);
    for (const name of ['cld-ended', 'cld-asked', 'cld-left']) {
      await store.setGroup(scopeOf(name), { ...ended(BACK), taken: { id: 'w', options: null } });
    }
    started.length = 0;
    await schedule.turn(BACK + 60_000);
    expect(started.filter((name) => name.startsWith('uat/'))).toEqual([]);
  });

  it('check 38: asks a marketplace that is away with one group a minute, and admits the others in steps afterwards', async () => {
    const store = new MemorySyncStore();
    for (let n = 0; n < 300; n += 1) {
      await store.setGroup(scopeOf(`cld-${n}`, 'away'), ended(NOW - 2 * HOUR));
      await store.setGroup(scopeOf(`cld-${n}`, 'well'), ended(NOW - 2 * HOUR));
    }
    // Two processes that share nothing but the store.
    const looks = [scheduled(store), scheduled(store)];
    let now = NOW;
    const begun = async (code: string | null): Promise<number> => {
      const groups = new Set<string>();
      for (const { schedule, started } of looks) {
        started.length = 0;
        await schedule.turn(now);
        for (const one of started.filter((name) => name.startsWith('away/'))) {
          groups.add(one);
          await store.setGroup(scopeOf(one.slice(5), 'away'), ended(now + 1_000, code));
        }
      }
      now += 60_000;
      return groups.size;
    };
    for (const n of [0, 1, 2]) {
      await store.setGroup(scopeOf(`cld-${n}`, 'away'), ended(NOW - 60_000 + n, 'sync.sideAway'));
    }
    for (let minute = 0; minute < 10; minute += 1) expect(await begun('sync.sideAway')).toBe(1);
    looks.pop();
    const steps: number[] = [];
    for (let minute = 0; minute < 8; minute += 1) steps.push(await begun(null));
    expect(steps.slice(0, 7)).toEqual([1, 2, 4, 8, 16, 32, 64]);
    expect(looks[0]!.started.length).toBeGreaterThan(0);
  });

  it('holds nobody back for what is the matter with one company', () => {
    const admission = new Admission();
    for (let n = 0; n < 50; n += 1) {
      const run = ended(NOW - n * 1_000, n % 10 === 0 ? 'sync.sideAway' : null);
      admission.see({ marketplace: 'uat', groupUid: `cld-${n}`, state: { ...NEW_GROUP, ...run } });
    }
    for (let count = 0; count < 200; count += 1) expect(admission.admits('uat', NOW)).toBe(true);
  });
});

describe('companies that were asked to wait', () => {
  const away = 'sync.sideAway';

  it('do not pass for companies that a marketplace which is away responded to', () => {
    const admission = new Admission();
    for (let n = 0; n < 50; n += 1) {
      const pausedUntil = n % 2 === 0 ? NOW + HOUR : null;
      const state = { ...NEW_GROUP, ...ended(NOW - 60_000 - n * 1_000, away), pausedUntil };
      admission.see({ marketplace: 'uat', groupUid: `cld-${n}`, state });
    }
    expect([1, 2, 3].map(() => admission.admits('uat', NOW))).toEqual([true, false, false]);
  });

  it('keep no other from its turn while a marketplace is back, and have their own afterwards', async () => {
    const store = new MemorySyncStore();
    const names = Array.from({ length: 400 }, (_one, n) => `cld-${n}`);
    for (const name of names) await store.setGroup(scopeOf(name), ended(NOW - 2 * HOUR, away));
    const { schedule, started } = scheduled(store);
    const waited = new Set<string>();
    const done = new Set<string>();
    let now = NOW;
    // Every second one is asked to wait for half an hour the first time.
    for (let minute = 0; minute < 90 && done.size < names.length; minute += 1, now += 60_000) {
      started.length = 0;
      await schedule.turn(now);
      for (const name of started.map((one) => one.slice(4))) {
        const waits = Number(name.slice(4)) % 2 === 0 && !waited.has(name);
        if (waits) waited.add(name);
        else done.add(name);
        const pausedUntil = waits ? now + HOUR / 2 : null;
        await store.setGroup(scopeOf(name), { ...ended(now + 1_000, waits ? away : null), pausedUntil });
      }
    }
    expect([waited.size, done.size]).toEqual([200, 400]);
  });
});

describe('a queue that lost something', () => {
  const wanted = { id: 'w', at: NOW, options: {} };
  const minutes = (n: number): number => NOW + n * 60_000;

  it('is noticed by a run that was asked for and does not come', () => {
    const asked = { ...NEW_GROUP, wanted };
    expect([minutes(1), minutes(3)].map((now) => isLost(asked, now))).toEqual([false, true]);
    const taken = { id: 'w', options: null };
    expect(isLost({ ...NEW_GROUP, ...ended(NOW), wanted, taken }, minutes(30))).toBe(false);
  });

  it('is noticed by a run that does not go on, and by one that does not end', () => {
    const left = { ...NEW_GROUP, ...ended(NOW), wanted, taken: { id: 'w', options: {} } };
    expect([minutes(1), minutes(3)].map((now) => isLost(left, now))).toEqual([false, true]);
    const run: SyncRunState = { id: 'r', status: 'RUNNING', message: '', startedAt: NOW, endedAt: null };
    const dead = { ...NEW_GROUP, run };
    expect([minutes(5), minutes(11)].map((now) => isLost(dead, now))).toEqual([false, true]);
    const stopped = { ...NEW_GROUP, run: { ...run, status: 'ENQUEUED' as const, endedAt: NOW } };
    expect([minutes(1), minutes(3)].map((now) => isLost(stopped, now))).toEqual([false, true]);
  });
});

describe('the schedule that is switched off', () => {
  it('has what was asked for done after a crash all the same, and nothing else', async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const store = new MemorySyncStore();
    const run: SyncRunState = { id: 'r', status: 'RUNNING', message: '', startedAt: NOW, endedAt: null };
    await store.setGroup(scopeOf('cld-asked'), { wanted: { id: 'w', at: NOW, options: {} } });
    await store.setGroup(scopeOf('cld-died'), { run, taken: { id: 'w', options: { full: true } } });
    await store.setGroup(scopeOf('cld-rests'), ended(NOW));
    const started: string[] = [];
    const sync = {
      entities: [],
      due: async ({ groupUid }: { groupUid: string }) => void started.push(groupUid),
    } as unknown as MaestranoSync;
    let look = async (): Promise<void> => undefined;
    const recurring = {
      repeat: (_name: string, _ms: number, work: typeof look) => void (look = work),
    } as unknown as RecurringWork;
    const options = { store, entities: [], owner: { provider: 'p', realm: 'r' }, schedule: 'off' } as const;
    new SyncSchedule(options, sync, new MemorySyncScheduler(), recurring).onApplicationBootstrap();
    await look();
    expect(started.toSorted()).toEqual(['cld-asked', 'cld-died']);
    jest.restoreAllMocks();
  });
});

describe('the run that is shown of a group', () => {
  const state = { ...NEW_GROUP, ...ended(NOW), taken: { id: 'w', options: { full: false } } };

  it('goes on between two slices', () => {
    expect(presentRun(state)).toMatchObject({ id: 'r', status: 'ENQUEUED', endedAt: NOW });
  });

  it.each([
    ['nothing of it is left', { taken: { id: 'w', options: null } }, 'SUCCESS'],
    ['it failed', ended(NOW, 'sync.sideAway'), 'ERROR'],
    ['the group is switched off', { enabled: false }, 'SUCCESS'],
  ] as const)('is over where %s', (_why, changes, status) => {
    expect(presentRun({ ...state, ...changes })).toMatchObject({ id: 'r', status });
  });
});

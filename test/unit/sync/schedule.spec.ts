import { describe, expect, it, jest } from '@jest/globals';

import { MaestranoEvents } from '../../../src/events/maestrano-events.service.js';
import { HealthContributors } from '../../../src/health/health-contributors.service.js';
import { Admission } from '../../../src/sync/schedule/admission.js';
import { dueTime } from '../../../src/sync/schedule/due-time.js';
import { SyncSchedule } from '../../../src/sync/schedule/sync-schedule.service.js';
import { MemorySyncStore } from '../../../src/sync/store/memory-sync-store.js';
import type { SyncRunState } from '../../../src/sync/store/sync-store.js';
import type { MaestranoSync } from '../../../src/sync/sync.service.js';
import { SyncWatch } from '../../../src/sync/watch/sync-watch.service.js';

const HOUR = 3_600_000;
const NOW = 1_700_000_000_000;

const ended = (at: number): { readonly run: SyncRunState } => ({
  run: { id: 'r', status: 'SUCCESS', message: '', startedAt: at - 1_000, endedAt: at },
});
const scopeOf = (group: string, marketplace = 'uat') => ({ app: 'default', marketplace, group });

function scheduled(store: MemorySyncStore) {
  const started: string[] = [];
  const sync = {
    start: jest.fn(async ({ marketplace, groupUid }: { marketplace: string; groupUid: string }) => {
      started.push(`${marketplace}/${groupUid}`);
    }),
  };
  const watch = new SyncWatch(new HealthContributors(), new MaestranoEvents());
  const options = { store, entities: [], owner: { provider: 'p', realm: 'r' } };
  const schedule = new SyncSchedule(options, sync as unknown as MaestranoSync, watch);
  return { schedule, started, watch };
}

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

  it('asks a marketplace that is away with one group a turn, and admits the others in steps afterwards', async () => {
    const store = new MemorySyncStore();
    for (let n = 0; n < 100; n += 1) {
      await store.setGroup(scopeOf(`cld-${n}`, 'away'), ended(NOW - 2 * HOUR));
      await store.setGroup(scopeOf(`cld-${n}`, 'well'), ended(NOW - 2 * HOUR));
    }
    const { schedule, started, watch } = scheduled(store);
    schedule.onApplicationBootstrap();
    const begun = async (): Promise<number> => {
      started.length = 0;
      await schedule.turn(NOW);
      expect(started.filter((one) => one.startsWith('well/'))).toHaveLength(100);
      return started.filter((one) => one.startsWith('away/')).length;
    };
    const note = (failure: string | null): void =>
      watch.note(
        { marketplace: 'away', groupUid: 'cld-1' },
        { enabled: true, run: null, entities: [] },
        failure,
      );
    expect(await begun()).toBe(100);
    note('sync.sideAway');
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await begun()).toBe(1);
      note('sync.sideAway');
    }
    const steps: number[] = [];
    for (let turn = 0; turn < 7; turn += 1) {
      note(null);
      steps.push(await begun());
    }
    expect(steps).toEqual([2, 4, 8, 16, 32, 64, 100]);
    await schedule.beforeApplicationShutdown();
  });

  it('holds nothing back for reasons that are a record’s or a group’s own', () => {
    const admission = new Admission();
    admission.note('uat', false);
    for (let count = 0; count < 10; count += 1) expect(admission.admits('uat')).toBe(true);
  });
});

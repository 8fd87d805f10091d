import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { MaestranoSyncError } from '../../../src/errors/sync.error.js';
import { MemorySyncScheduler } from '../../../src/sync/schedule/memory-sync-scheduler.js';
import { sliceRequest, Slices } from '../../../src/sync/slices.js';
import { MemorySyncStore } from '../../../src/sync/store/memory-sync-store.js';
import { NEW_GROUP } from '../../../src/sync/store/sync-store.js';

const GROUP = { marketplace: 'acme', groupUid: 'cld-1' };

describe('a slice of the synchronization that fails', () => {
  const errors: string[] = [];
  const warnings: string[] = [];
  beforeEach(() => {
    errors.length = warnings.length = 0;
    jest.spyOn(Logger.prototype, 'error').mockImplementation((line: string) => void errors.push(line));
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void warnings.push(line));
  });
  afterEach(() => void jest.restoreAllMocks());

  async function failing(error: Error): Promise<void> {
    const scheduler = new MemorySyncScheduler();
    const slices = new Slices({
      store: new MemorySyncStore(),
      scheduler,
      sliceMs: 1_000,
      scopeOf: ({ marketplace, groupUid }) => ({ app: 'app', marketplace, group: groupUid }),
      run: () => Promise.reject(error),
    });
    slices.work(1);
    await slices.ask(GROUP, {});
    await scheduler.idle();
  }

  it('is in the log with our words, and without those of others, which may name a person', async () => {
    await failing(new MaestranoSyncError('sync.restored'));
    await failing(new Error('duplicate key (email)=(ana@people.example)'));
    expect(errors).toEqual([
      expect.stringMatching(/^Synchronization of acme\/cld-1 failed: .+\(sync\.restored\)$/),
      expect.stringMatching(/^Synchronization of acme\/cld-1 failed: Error\n\s+at /),
    ]);
    expect(errors.join('\n')).not.toContain('people.example');
  });

  it('since another process took the company over is a warning', async () => {
    await failing(new MaestranoSyncError('sync.leaseLost', GROUP));
    expect(errors).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('acme/cld-1 goes on elsewhere')]);
  });
});

describe('what is asked for of one company', () => {
  const scope = { app: 'app', marketplace: 'acme', group: 'cld-1' };

  it('at the same moment, in different words, is all kept', async () => {
    const store = new MemorySyncStore();
    const slices = new Slices({
      store,
      scheduler: new MemorySyncScheduler(),
      sliceMs: 1_000,
      scopeOf: () => scope,
      run: () => Promise.reject(new Error('nothing works here')),
    });
    const wishes = [{ only: ['people'] }, { only: ['items'], full: true }, { only: ['taxes'] }];
    await Promise.all(wishes.map((options) => slices.ask(GROUP, options)));
    expect((await store.group(scope)).wanted?.options).toEqual({
      full: true,
      only: ['items', 'people', 'taxes'],
    });
  });

  it('while a run goes on slice by slice does not end that run', () => {
    const wanted = { id: 'new', at: 1, options: { only: ['items'] } };
    const request = (left: { only?: readonly string[]; full?: boolean } | null) =>
      sliceRequest({ ...NEW_GROUP, wanted, taken: { id: 'old', options: left } });
    expect(request({})).toEqual({ id: 'new', options: {} });
    expect(request({ only: ['people'], full: true })).toEqual({
      id: 'new',
      options: { full: true, only: ['items', 'people'] },
    });
    expect(request(null)).toEqual({ id: 'new', options: { only: ['items'] } });
  });
});

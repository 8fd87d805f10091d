import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { MaestranoSyncError } from '../../../src/errors/sync.error.js';
import { MemorySyncScheduler } from '../../../src/sync/schedule/memory-sync-scheduler.js';
import { Slices } from '../../../src/sync/slices.js';
import { MemorySyncStore } from '../../../src/sync/store/memory-sync-store.js';

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

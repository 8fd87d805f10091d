import { describe, expect, it } from '@jest/globals';

import { SYNC_DEFAULTS } from '../../../src/sync/engine/sync-settings.js';
import { resolveSyncOptions } from '../../../src/sync/module-settings.js';
import { MemorySyncStore } from '../../../src/sync/store/memory-sync-store.js';
import type { MaestranoSyncOptions } from '../../../src/sync/sync-options.interface.js';
import { MaestranoSync } from '../../../src/sync/sync.service.js';
import { errorOf } from '../../support/error-of.js';

const OPTIONS = { store: new MemorySyncStore(), entities: [], owner: { provider: 'p', realm: 'r' } };

/** Options as an environment gives them. */
const resolved = (options: object): ReturnType<typeof resolveSyncOptions> =>
  resolveSyncOptions({ ...OPTIONS, ...options } as MaestranoSyncOptions);

describe('options of the synchronization', () => {
  it('have their defaults, and are numbers where they are given as text', () => {
    expect(resolved({})).toMatchObject({
      ...SYNC_DEFAULTS,
      schedule: 3_600_000,
      sliceMs: 30_000,
      maxRuns: 4,
    });
    expect(
      resolved({ sliceMs: '5000', schedule: { everyMs: '60000' }, brake: { floor: 10, share: '0.1' } }),
    ).toMatchObject({
      sliceMs: 5_000,
      schedule: 60_000,
      brake: { ...SYNC_DEFAULTS.brake, floor: 10, share: 0.1 },
    });
    expect(resolved({ schedule: 'off' }).schedule).toBeNull();
  });

  it.each([
    ['leaseMs', { leaseMs: Number.NaN }],
    ['sliceMs', { sliceMs: Number.NaN }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['schedule.everyMs', { schedule: { everyMs: 0 } }],
    ['maxRuns', { maxRuns: 65 }],
    ['brake.share', { brake: { floor: 50, share: Number.NaN, ceiling: 1_000 } }],
    ['limits.conec', { limits: { conec: { perSecond: 1 } } }],
    ['firstRun', { firstRun: 'aply' }],
    ['owner', { owner: undefined }],
    ['owner', { owner: { provider: 'my-app' } }],
    ['entities', { entities: undefined }],
    ['entities', { entities: [undefined] }],
    ['store', { store: undefined }],
    ['sweepEvery', { sweepEvery: 1_000 }],
  ])('are refused where %s cannot be used', async (key, options) => {
    const error = await errorOf(async () => resolved(options));
    expect(error).toMatchObject({ code: 'configuration.options', problems: [{ key }] });
  });

  it("do not take the text 'false' for a yes to data loss", async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      const options = { ...OPTIONS, acceptDataLoss: 'false' } as unknown as MaestranoSyncOptions;
      const sync = new MaestranoSync(options, {} as never, {} as never, {} as never);
      expect(await errorOf(() => sync.onModuleInit())).toMatchObject({ code: 'sync.store' });
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });
});

import { describe, expect, it } from '@jest/globals';

import type { MaestranoEvent } from '../../../src/events/event.interface.js';
import { MaestranoEvents } from '../../../src/events/maestrano-events.service.js';
import { HealthContributors } from '../../../src/health/health-contributors.service.js';
import type { SyncEntityStatus, SyncStatus } from '../../../src/sync/sync-status.interface.js';
import { SyncWatch } from '../../../src/sync/watch/sync-watch.service.js';

const GROUP = { marketplace: 'uat', groupUid: 'cld-1' };

function statusOf(people: Partial<SyncEntityStatus> = {}): SyncStatus {
  const entity = {
    entity: 'people',
    links: 1,
    due: 0,
    gone: 0,
    holds: {},
    dueSince: null,
    stopped: null,
    confirmed: true,
    paused: false,
    foundBySweep: 0,
    notices: [],
  };
  const run = { id: 'r', status: 'SUCCESS', message: '', startedAt: 1, endedAt: 2 } as const;
  return { enabled: true, run, entities: [{ ...entity, ...people }] };
}

function watched() {
  const health = new HealthContributors();
  const events = new MaestranoEvents();
  const told: Omit<MaestranoEvent, 'at'>[] = [];
  events.onAny(({ at: _at, ...event }) => void told.push(event));
  const watch = new SyncWatch(health, events);
  watch.onModuleInit();
  const report = async () => (await health.list()[0]!.report()) as { warnings: string[]; details: object };
  return { watch, told, report };
}

describe('what is seen of groups', () => {
  it('is told once: how each run ended, and which entities stopped', () => {
    const { watch, told } = watched();
    const stopped = { code: 'sync.restored', side: 'app', reason: '', since: 1 } as const;
    watch.note(GROUP, statusOf(), null);
    watch.note(GROUP, statusOf({ stopped, holds: { quarantined: 2, waiting: 5 } }), 'sync.restored');
    watch.note(GROUP, statusOf({ stopped }), null);
    watch.failed(GROUP, 'sync.sideAway');
    const where = { marketplace: 'uat', groupUid: 'cld-1' };
    expect(told).toEqual([
      { type: 'synchronization.ended', ...where, code: null, held: 0 },
      { type: 'synchronization.stopped', ...where, entity: 'people', code: 'sync.restored' },
      { type: 'synchronization.ended', ...where, code: 'sync.restored', held: 2 },
      { type: 'synchronization.ended', ...where, code: null, held: 0 },
      { type: 'synchronization.ended', ...where, code: 'sync.sideAway', held: 0 },
    ]);
  });

  it('is kept of groups in trouble only, and looked at again when it is old', async () => {
    const { watch, told, report } = watched();
    for (let n = 0; n < 50; n += 1)
      watch.note({ marketplace: 'uat', groupUid: `cld-${n}` }, statusOf(), null);
    expect((await report()).details).toMatchObject({ groups: 0 });
    watch.note(GROUP, statusOf({ holds: { conflict: 3 }, dueSince: Date.now() - 3_600_000 }), null);
    const { warnings, details } = await report();
    expect(details).toMatchObject({ groups: 1, held: { conflict: 3 } });
    expect(warnings).toEqual([
      '3 records are held back (conflict)',
      expect.stringMatching(/^the oldest record has waited for 36\d\d s$/),
    ]);
    const before = told.length;
    const real = Date.now;
    Date.now = () => real() + 120_000;
    try {
      watch.readFrom(async () => statusOf());
      expect((await report()).details).toMatchObject({ groups: 0 });
    } finally {
      Date.now = real;
    }
    // Looking again is no run.
    expect(told).toHaveLength(before);
    watch.note(GROUP, statusOf({ paused: true }), null);
    watch.forget(GROUP);
    expect((await report()).details).toMatchObject({ groups: 0, paused: 0 });
  });
});

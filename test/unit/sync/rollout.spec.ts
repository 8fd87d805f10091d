import { beforeEach, describe, expect, it } from '@jest/globals';

import type { GroupReference } from '../../../src/adapters/maestrano-group.adapter.js';
import { MaestranoSyncError } from '../../../src/errors/sync.error.js';
import type { SyncPlan } from '../../../src/sync/engine/plan.js';
import { SyncRollout } from '../../../src/sync/rollout.service.js';
import { MemorySyncStore } from '../../../src/sync/store/memory-sync-store.js';
import type { SyncGroupState, SyncRunState } from '../../../src/sync/store/sync-store.js';
import type { MaestranoSync } from '../../../src/sync/sync.service.js';

const NOW = 1_700_000_000_000;
const NEEDS = { links: 100, records: 0, stopped: 0, confirmation: false };
const RUN: SyncRunState = {
  id: 'r',
  status: 'SUCCESS',
  message: '',
  startedAt: NOW,
  endedAt: NOW,
  code: null,
};
const PLANNED = { run: { ...RUN, needs: { ...NEEDS, confirmation: true } } };
const DONE = { run: { ...RUN, needs: NEEDS }, rolledOutAt: NOW - 1 };

describe('a rollout among companies of all kinds', () => {
  let store: MemorySyncStore;
  let rollout: SyncRollout;
  /** What is wrong with the plans of companies. */
  let wrong: Map<string, 'unclear' | Error>;
  const started: string[] = [];

  beforeEach(() => {
    store = new MemorySyncStore();
    wrong = new Map();
    started.length = 0;
    const sync: Pick<MaestranoSync, 'groups' | 'plan' | 'confirm' | 'start'> = {
      groups: async (options) => {
        const after = options?.after;
        const query = { limit: 1_000, ...(typeof after === 'string' ? { after } : {}) };
        const page = await store.groups('default', query);
        return { ...page, groups: page.groups.filter(({ marketplace }) => marketplace !== '') };
      },
      plan: async ({ groupUid }) => {
        const what = wrong.get(groupUid);
        if (what instanceof Error) throw what;
        return { entries: [], truncated: what === 'unclear' } as unknown as SyncPlan;
      },
      confirm: async () => undefined,
      start: async ({ groupUid }: GroupReference) => void started.push(groupUid),
    };
    const options = { store, entities: [], owner: { provider: 'p', realm: 'r' } };
    rollout = new SyncRollout(options, sync as MaestranoSync);
  });

  const company = (group: string, state: Partial<SyncGroupState>): Promise<SyncGroupState> =>
    store.setGroup({ app: 'default', marketplace: 'acme', group }, state);

  it('waits for none that is switched off, and gives it no place in the row', async () => {
    await company('cld-off', { ...PLANNED, rolledOutAt: NOW + 1, enabled: false });
    await company('cld-never', { enabled: false });
    await company('cld-1', PLANNED);
    const companies = ['cld-never', 'cld-2'].map((groupUid) => ({ marketplace: 'acme', groupUid }));
    const report = await rollout.next({ companies, inventories: 1 });
    expect(report).toMatchObject({ groups: { underway: 0, planned: 1 }, stopped: null });
    expect(report.listed).toEqual([companies[1]]);
    expect(started).toEqual(['cld-2', 'cld-1']);
  });

  it('holds nobody back for one whose plan cannot be read', async () => {
    wrong.set(
      'cld-1',
      new MaestranoSyncError('sync.sideAway', { message: 'Connec! cannot be read at present.' }),
    );
    wrong.set('cld-2', new TypeError('Ann Smith has no region'));
    for (const one of ['cld-1', 'cld-2', 'cld-3']) await company(one, PLANNED);
    const { begun, left } = await rollout.next({ steps: [] });
    expect(begun).toEqual([{ marketplace: 'acme', groupUid: 'cld-3' }]);
    expect(left.map(({ why }) => why).toSorted()).toEqual([
      expect.stringMatching(/^The plan cannot be read: Connec! cannot be read at present\./),
      expect.stringMatching(/^The plan cannot be read: TypeError in /),
    ]);
  });

  it('comes to all others, however many are left to persons', async () => {
    for (let n = 0; n < 150; n += 1) {
      wrong.set(`cld-0${n}`, 'unclear');
      await company(`cld-0${n}`, PLANNED);
    }
    await company('cld-1', PLANNED);
    let steps = 0;
    for (; started.length === 0 && steps < 100; steps += 1) {
      expect((await rollout.next({ steps: [] })).left.length).toBeLessThanOrEqual(150);
    }
    expect(started).toEqual(['cld-1']);
  });

  it('stops for every company of which too much is held back, behind a thousand with a little', async () => {
    for (let n = 0; n < 1_001; n += 1) {
      await company(`cld-0${n}`, { ...DONE, run: { ...RUN, needs: { ...NEEDS, records: 1 } } });
    }
    expect((await rollout.status()).stopped).toBeNull();
    await company('cld-1', { ...DONE, run: { ...RUN, needs: { ...NEEDS, records: 50 } } });
    expect((await rollout.next()).stopped).toBe('acme/cld-1: 50 records are held back.');
  });

  it('stops where the run of a company that has begun breaks, and not where a side is away', async () => {
    await company('cld-1', PLANNED);
    await company('cld-2', { run: { ...RUN, status: 'ERROR', code: 'sync.sideAway' }, rolledOutAt: NOW - 1 });
    expect((await rollout.status()).stopped).toBeNull();
    await company('cld-3', { run: { ...RUN, status: 'ERROR', code: 'unknown' }, rolledOutAt: NOW - 1 });
    expect(await rollout.next()).toMatchObject({
      begun: [],
      stopped: 'acme/cld-3: its run failed (unknown).',
    });
  });

  it('has those go on that have begun and have not had their run: a process died, or was of an older release', async () => {
    // Marked, and never asked for.
    await company('cld-died', { ...PLANNED, rolledOutAt: NOW + 1 });
    const code = 'sync.olderDeclaration';
    await company('cld-older', {
      run: { ...RUN, status: 'ERROR', code, needs: NEEDS },
      rolledOutAt: NOW - 1,
    });
    const wanted = { id: 'w', at: NOW + 1, options: {} };
    await company('cld-asked', { ...PLANNED, rolledOutAt: NOW + 1, wanted });
    await company('cld-off', { ...PLANNED, rolledOutAt: NOW + 1, enabled: false });
    await company('cld-1', PLANNED);
    await rollout.stop();
    expect(await rollout.next()).toMatchObject({ begun: [], groups: { underway: 3 } });
    expect(started).toEqual([]);
    await rollout.resume();
    const { begun, groups } = await rollout.next({ steps: [] });
    expect(groups).toMatchObject({ underway: 3, planned: 1, done: 0 });
    expect(begun.map(({ groupUid }) => groupUid).toSorted()).toEqual(['cld-died', 'cld-older']);
    expect(started.toSorted()).toEqual(['cld-died', 'cld-older']);
  });

  it.each([
    { heldShare: Number.NaN },
    { heldShare: 2 },
    { steps: [Number.NaN] },
    { planLimit: Number.NaN },
    { inventories: 0 },
    { step: [1] },
  ])('is refused with %j, and begins nothing', async (options) => {
    await company('cld-1', PLANNED);
    await expect(rollout.next(options)).rejects.toMatchObject({ code: 'configuration.options' });
    expect(started).toEqual([]);
  });
});

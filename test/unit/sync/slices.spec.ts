import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { MaestranoSyncError } from '../../../src/errors/sync.error.js';
import { MemorySyncScheduler } from '../../../src/sync/schedule/memory-sync-scheduler.js';
import { GroupRuns } from '../../../src/sync/group-runs.js';
import { runOptionsOf } from '../../../src/sync/run-options.js';
import { sliceRequest, Slices } from '../../../src/sync/slices.js';
import { MemorySyncStore } from '../../../src/sync/store/memory-sync-store.js';
import { inOneRun } from '../../../src/sync/store/sync-request.js';
import { NEW_GROUP, type SyncGroupState } from '../../../src/sync/store/sync-store.js';
import { EngineBench } from '../../support/sync/engine-bench.js';

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

  it('for one entity only says nothing of which side wins in the others', () => {
    const people = { only: ['people'], preemption: 'connec' } as const;
    const items = { only: ['items'] };
    expect(inOneRun(people, items)).toEqual({
      only: ['items', 'people'],
      preempted: { people: 'connec' },
    });
    expect(inOneRun(inOneRun(people, items), { only: ['taxes'], preemption: 'app' })).toEqual({
      only: ['items', 'people', 'taxes'],
      preempted: { people: 'connec', taxes: 'app' },
    });
    expect(inOneRun(people, {})).toEqual({ preempted: { people: 'connec' } });
    expect(inOneRun({ preemption: 'connec' }, { only: ['items'], preemption: 'app' })).toEqual({
      preemption: 'connec',
      preempted: { items: 'app' },
    });
    expect(inOneRun({ preemption: 'connec' }, items)).toEqual({ preemption: 'connec' });
    expect(inOneRun(people, { preemption: 'app' })).toEqual({ preemption: 'app' });
    expect(inOneRun(people, people)).toEqual({ only: ['people'], preempted: { people: 'connec' } });
    const { preemption, preempted } = runOptionsOf(['items', 'people'], {}, inOneRun(people, items));
    expect([preemption, preempted]).toEqual([null, { people: 'connec' }]);
  });
});

describe('a run that was asked for in a special way', () => {
  let bench: EngineBench;
  beforeEach(() => void (bench = new EngineBench()));
  afterEach(() => bench.close());

  /** A slice, as the service has it done. */
  async function slice({ waits = false, sides = async () => bench.sides } = {}): Promise<SyncGroupState> {
    bench.now += 5_000;
    await new GroupRuns(bench.store, bench.engine)
      .run(bench.scope, {
        request: sliceRequest,
        run: async (lease, { paused }, taken) => {
          const how = runOptionsOf(['people'], paused, taken?.options ?? {});
          const result = await bench.engine.run(await sides(), how, undefined, lease);
          const status = result.status === 'failed' ? 'ERROR' : 'SUCCESS';
          return { result, ending: { status, message: '' }, pausedUntil: waits ? bench.now + 1_000 : null };
        },
        failed: () => ({ status: 'ERROR', message: '' }),
      })
      .catch(() => undefined);
    return bench.store.group(bench.scope);
  }

  const away = (): never => {
    throw new MaestranoSyncError('sync.sideAway');
  };

  it.each([
    [
      'cannot be read',
      async () => {
        bench.connec.beforeRead = away;
        const state = await slice();
        expect((await bench.stream()).sweep).not.toBeNull();
        bench.connec.beforeRead = null;
        return state;
      },
    ],
    [
      'asks to wait when it is written to',
      async () => {
        bench.connec.fault = () => ({ kind: 'notSent' });
        const state = await slice({ waits: true });
        bench.connec.fault = null;
        return state;
      },
    ],
    ['is not even named in time', () => slice({ sides: async () => away() })],
  ] as const)('is done so although a side %s first', async (_how, failing) => {
    const row = bench.source.add({
      firstName: 'Ann',
      lastName: 'Quarrington',
      email: 'a@x.test',
      score: 1,
      state: 'A',
    });
    await bench.runs(2);
    const listed = (await bench.stream()).sweptAt!;
    bench.connec.edit(bench.connec.by('first_name', 'Ann')!.id, { first_name: 'There', score: 2 });
    bench.now += 60_000;
    // The newest one, and one of its own: something is to be written to Connec! as well.
    bench.source.edit(row.id, { firstName: 'Here', lastName: 'Holloway' });
    // Together with a request for another entity.
    const wanted = { full: true, only: ['people'], preemption: 'connec' } as const;
    const options = inOneRun(wanted, { only: ['items'] });
    await bench.store.setGroup(bench.scope, { wanted: { id: 'w', at: bench.now, options } });
    expect((await failing()).taken?.options).toMatchObject({ preempted: { people: 'connec' } });
    bench.now += 1_000_000;
    expect((await slice()).taken?.options).toBeNull();
    expect(bench.names).toEqual({ app: ['There'], connec: ['There'] });
    expect((await bench.stream()).sweep).toBeNull();
    expect((await bench.stream()).sweptAt!).toBeGreaterThan(listed);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import {
  MaestranoSync,
  MaestranoSyncModule,
  MemorySyncStore,
  syncEntity,
  SyncRejected,
  SyncRollout,
} from '../../src/sync/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { byGroup } from '../support/sync/by-group.js';
import { MemorySource } from '../support/sync/memory-source.js';

const COMPANIES = 9;
const EMPTY = { firstName: '', lastName: '', email: null as string | null };

describe('the first synchronization of many companies', () => {
  let sandbox: Sandbox;
  let application: TestApplication;
  let store: MemorySyncStore;
  let tables: Map<string, MemorySource<typeof EMPTY>>;
  let groups: readonly { readonly marketplace: string; readonly groupUid: string }[];
  const sync = (): MaestranoSync => application.app.get(MaestranoSync);
  const rollout = (): SyncRollout => application.app.get(SyncRollout);
  const peopleOf = (group: string): number => sandbox.connec.list('people', { group }).length;

  beforeEach(async () => {
    sandbox = await startSandbox({ scenario: 'empty' });
    const marketplace = sandbox.marketplaces.list()[0]!.name;
    groups = Array.from({ length: COMPANIES }, (_one, n) => ({ marketplace, groupUid: `cld-${n + 1}` }));
    tables = new Map(groups.map(({ groupUid }) => [groupUid, new MemorySource(EMPTY)]));
    for (const { groupUid } of groups) {
      sandbox.build.group(marketplace, { uid: groupUid, name: `Lantern ${groupUid}` });
      for (let n = 0; n < 3; n += 1) {
        tables.get(groupUid)!.add({ firstName: `Person ${n}`, email: `${n}@${groupUid}.example.test` });
      }
    }
    store = new MemorySyncStore();
    application = await release(1);
  });

  /** An instance of a release of the application. */
  function release(version: number): Promise<TestApplication> {
    const people = syncEntity(
      'people',
      byGroup(({ group }) => tables.get(group)!),
      {
        version,
        fields: {
          first_name: {
            app: 'firstName',
            to: (name: string) => (version === 1 ? name : `${name} (${version})`),
            from: (name: string | null) => name ?? '',
          },
          last_name: 'lastName',
          'email.address': 'email',
        },
        match: ['email.address'],
      },
    );
    const owner = { provider: 'test-app', realm: 'main' };
    const sync = MaestranoSyncModule.forRoot({ store, owner, schedule: 'off', entities: [people] });
    return testApplication({ sandbox, imports: [sync] });
  }
  afterEach(async () => {
    await application.close();
    await sandbox.close();
  });

  async function listed(): Promise<void> {
    for (const group of groups) await sync().start(group);
    await sync().idle();
  }

  it('is begun one step at a time, however many ask for the next one at once', async () => {
    await listed();
    const both = await Promise.all([rollout().next({ steps: [1] }), rollout().next({ steps: [1] })]);
    expect(both.flatMap(({ begun }) => begun)).toHaveLength(1);
    await sync().idle();
    expect((await rollout().next({ steps: [3] })).begun).toHaveLength(2);
  });

  it('is begun in steps, and only where a plan creates and links', async () => {
    // The second company would have a record overwritten.
    sandbox.connec.write(
      'people',
      { first_name: 'Otherwise', email: { address: '0@cld-2.example.test' } },
      { group: 'cld-2' },
    );
    await listed();
    const steps = [1, 4];
    const first = await rollout().next({ steps });
    expect(first).toMatchObject({ groups: { planned: COMPANIES, done: 0 }, stopped: null });
    expect(first.begun).toHaveLength(1);
    // Nothing more before it has ended; then up to four, then all that are harmless.
    await sync().idle();
    const second = await rollout().next({ steps });
    expect(second).toMatchObject({ groups: { done: 1, underway: 0 }, stopped: null });
    expect(second.begun).toHaveLength(3);
    await sync().idle();
    const third = await rollout().next({ steps });
    expect(third.begun).toHaveLength(4);
    await sync().idle();
    const last = await rollout().next({ steps });
    expect(last).toMatchObject({ groups: { done: 8, planned: 1 }, begun: [], stopped: null });
    expect(last.left).toEqual([{ group: groups[1], why: '1 record would be overwritten.' }]);
    for (const { groupUid } of groups) expect(peopleOf(groupUid)).toBe(groupUid === 'cld-2' ? 1 : 3);
  });

  it('stops as soon as a company that has begun is in trouble', async () => {
    await listed();
    const [{ groupUid } = { groupUid: '' }] = (await rollout().next({ steps: [1] })).begun;
    await sync().idle();
    tables.get(groupUid)!.before = () => {
      throw new SyncRejected('no room');
    };
    sandbox.connec.write('people', { first_name: 'Rejected' }, { group: groupUid });
    await sync().run({ marketplace: groups[0]!.marketplace, groupUid });
    const report = await rollout().next({ steps: [1] });
    expect(report).toMatchObject({ groups: { attention: 1 }, begun: [] });
    expect(report.stopped).toContain(`${groupUid}: 1 record is held back.`);
    expect((await rollout().next({ steps: [1], heldShare: 0.5 })).begun).toHaveLength(COMPANIES - 1);
    await sync().idle();
  });

  it('lists companies within the budget of their marketplace, each once, and none while a person stopped it', async () => {
    const companies = groups;
    let most = 0;
    const listed: string[] = [];
    const step = async (): Promise<void> => {
      const report = await rollout().next({ companies, inventories: 2, steps: [1] });
      listed.push(...report.listed.map(({ groupUid }) => groupUid));
      most = Math.max(most, report.listed.length);
      await sync().idle();
    };
    await rollout().stop();
    await step();
    expect(listed).toEqual([]);
    expect((await rollout().status()).stopped).toMatch(/^Stopped by a person on /);
    expect((await sync().groups()).groups).toEqual([]);
    await rollout().resume();
    for (let count = 0; count < COMPANIES; count += 1) await step();
    expect(most).toBe(2);
    expect(listed.toSorted()).toEqual(groups.map(({ groupUid }) => groupUid));
    expect((await rollout().status()).groups).toMatchObject({ waiting: 0, done: COMPANIES });
  });

  it('begins nothing more of a step that is under way when a person stops it', async () => {
    await listed();
    const plan = sync().plan.bind(sync());
    let plans = 0;
    sync().plan = async (...args) => {
      plans += 1;
      if (plans === 3) await rollout().stop();
      return plan(...args);
    };
    const report = await rollout().next({ steps: [] });
    expect(report.begun).toHaveLength(2);
    expect(report.stopped).toMatch(/^Stopped by a person on /);
    await sync().idle();
  });

  it('begins anew, with a plan, for a company that left and came back', async () => {
    await listed();
    await sync().confirm(groups[0]!);
    await sync().run(groups[0]!);
    expect(peopleOf('cld-1')).toBe(3);
    await sync().forget(groups[0]!);
    tables.get('cld-1')!.edit(1, { firstName: 'Meanwhile' });
    await sync().run(groups[0]!);
    const plan = await sync().plan(groups[0]!);
    expect(plan.entries.map(({ action }) => action).filter((action) => action.startsWith('create'))).toEqual(
      [],
    );
    const names = sandbox.connec.list('people', { group: 'cld-1' }).map((one) => one['first_name']);
    expect(names).not.toContain('Meanwhile');
    const { left } = await rollout().next({ steps: [100] });
    expect(left).toEqual([{ group: groups[0], why: '1 record would be overwritten.' }]);
    await sync().idle();
  });

  it('beside a newer release waits for that, and a plan is carried out by the release that made it', async () => {
    const newer = await release(2);
    const [two, its] = [newer.app.get(MaestranoSync), newer.app.get(SyncRollout)];
    const first = groups.slice(0, 2);
    for (const group of first) await sync().start(group);
    await sync().idle();
    // Listed by the older one: not begun before the newer one did so.
    expect(await its.next({ steps: [2] })).toMatchObject({
      begun: [],
      left: first.map(() => ({ why: 'An older release listed it: this one does so first.' })),
    });
    await two.idle();
    expect(await rollout().next({ steps: [2] })).toMatchObject({
      begun: [],
      left: first.map(() => ({ why: expect.stringContaining('A newer version of the declaration') })),
    });
    // The older one gets the run of what the newer one began, and leaves it.
    const start = two.start.bind(two);
    two.start = (group) => sync().start(group);
    expect((await its.next({ steps: [2] })).begun).toHaveLength(2);
    await sync().idle();
    expect((await its.status()).groups).toMatchObject({ underway: 2, done: 0 });
    expect(peopleOf('cld-1')).toBe(0);
    two.start = start;
    expect((await its.next({ steps: [2] })).begun).toHaveLength(2);
    await two.idle();
    expect((await its.status()).groups).toMatchObject({ underway: 0, done: 2 });
    const names = sandbox.connec.list('people', { group: 'cld-1' }).map((one) => one['first_name']);
    expect(names.toSorted()).toEqual(['Person 0 (2)', 'Person 1 (2)', 'Person 2 (2)']);
    await newer.close();
  });
});

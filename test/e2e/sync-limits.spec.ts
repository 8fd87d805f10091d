import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import { SyncSchedule } from '../../src/sync/schedule/sync-schedule.service.js';
import {
  MaestranoSync,
  MaestranoSyncModule,
  MemorySyncStore,
  syncEntity,
  SyncRetry,
} from '../../src/sync/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { byGroup } from '../support/sync/by-group.js';
import { MemorySource } from '../support/sync/memory-source.js';

const EMPTY = { firstName: '', lastName: '' };
class Contacts extends MemorySource<typeof EMPTY> {}

describe('a company that Connec! rejects requests of', () => {
  let sandbox: Sandbox;
  let application: TestApplication;
  let marketplace: string;
  let store: MemorySyncStore;
  let contacts: Record<string, Contacts>;
  const names = (): readonly string[] =>
    Object.values(contacts).flatMap(({ list }) => list.map(({ firstName }) => firstName));

  beforeEach(async () => {
    sandbox = await startSandbox({ scenario: 'empty' });
    marketplace = sandbox.marketplaces.list()[0]!.name;
    for (const uid of ['cld-1', 'cld-2']) sandbox.build.group(marketplace, { uid, name: `Lantern ${uid}` });
    store = new MemorySyncStore();
    contacts = { 'cld-1': new Contacts(EMPTY), 'cld-2': new Contacts(EMPTY) };
    application = await testApplication({
      sandbox,
      options: { http: { maxRetryAfterMs: 0 } },
      imports: [
        MaestranoSyncModule.forRoot({
          store,
          owner: { provider: 'test-app', realm: 'main' },
          firstRun: 'apply',
          entities: [
            syncEntity(
              'people',
              byGroup(({ group }) => contacts[group]!),
              { fields: { first_name: 'firstName' } },
            ),
          ],
        }),
      ],
    });
  });
  afterEach(async () => {
    await application.close();
    await sandbox.close();
  });

  const requestsOf = (group: string): number =>
    sandbox.journal.find({ route: 'connec/people' }).filter(({ url }) => url.includes(group)).length;

  it('for there were too many is left alone for as long as Connec! asks for, and others go on', async () => {
    const sync = application.app.get(MaestranoSync);
    const schedule = application.app.get(SyncSchedule, { strict: false });
    const groups = ['cld-1', 'cld-2'].map((groupUid) => ({ marketplace, groupUid }));
    sandbox.faults.add({ part: 'connec', group: 'cld-1', next: 1 }, { status: 429, retryAfter: 1 });
    const before = Date.now();
    for (const group of groups) await sync.start(group);
    await sync.idle();
    const scopes = groups.map(({ groupUid }) => ({ app: 'default', marketplace, group: groupUid }));
    const [held, free] = [await store.group(scopes[0]!), await store.group(scopes[1]!)];
    expect(free).toMatchObject({ run: { status: 'SUCCESS' }, pausedUntil: null });
    expect(held.run).toMatchObject({ status: 'ERROR', code: 'sync.sideAway' });
    expect(held.pausedUntil).toBeGreaterThanOrEqual(before + 1_000);

    const sent = requestsOf('cld-1');
    await sync.start(groups[0]!);
    await sync.idle();
    await schedule.turn(held.pausedUntil! - 1);
    await sync.idle();
    expect(requestsOf('cld-1')).toBe(sent);

    while (Date.now() <= held.pausedUntil!) await pause(50);
    expect(await schedule.turn()).toBe(1);
    await sync.idle();
    expect(requestsOf('cld-1')).toBeGreaterThan(sent);
    expect(await store.group(scopes[0]!)).toMatchObject({ run: { status: 'SUCCESS' }, pausedUntil: null });
  });

  it('is run no sooner than its source allows either, and others go on', async () => {
    const sync = application.app.get(MaestranoSync);
    const schedule = application.app.get(SyncSchedule, { strict: false });
    const changes = contacts['cld-1']!.changes.bind(contacts['cld-1']);
    let asked = 0;
    contacts['cld-1']!.changes = async () => {
      asked += 1;
      throw new SyncRetry(600_000);
    };
    const groups = ['cld-1', 'cld-2'].map((groupUid) => ({ marketplace, groupUid }));
    for (const group of groups) {
      sandbox.connec.write(
        'people',
        { first_name: `Ottoline of ${group.groupUid}` },
        { group: group.groupUid },
      );
      await sync.start(group);
    }
    await sync.idle();
    const { pausedUntil, run } = await store.group({ app: 'default', marketplace, group: 'cld-1' });
    expect(run).toMatchObject({ status: 'ERROR', code: 'sync.sideAway' });
    expect(run?.message).toContain('asks to be left alone');
    expect(names()).toEqual(['Ottoline of cld-2']);
    await schedule.turn(pausedUntil! - 1);
    await sync.start(groups[0]!);
    await sync.idle();
    expect(asked).toBe(1);
    contacts['cld-1']!.changes = changes;
    // What a person has run is not held back.
    await sync.run(groups[0]!);
    expect(names().toSorted()).toEqual(['Ottoline of cld-1', 'Ottoline of cld-2']);
  });

  it('check 14: for its credentials keeps its position, is asked once a minute at most, and goes on by itself', async () => {
    const sync = application.app.get(MaestranoSync);
    const schedule = application.app.get(SyncSchedule, { strict: false });
    const [held, free] = ['cld-1', 'cld-2'].map((groupUid) => ({ marketplace, groupUid }));
    for (const group of [held!, free!]) await sync.run(group);
    const scope = { app: 'default', marketplace, group: 'cld-1' };
    const fault = sandbox.faults.add({ part: 'connec', group: 'cld-1' }, { status: 401 });
    const { connecHigh, appCursor } = await store.stream(scope, 'people');
    for (const group of ['cld-1', 'cld-2']) {
      sandbox.connec.write('people', { first_name: `Ottoline of ${group}` }, { group });
    }
    await sync.run(held!);
    await sync.run(free!);
    expect(names()).toEqual(['Ottoline of cld-2']);
    const state = await store.group(scope);
    expect(state.run).toMatchObject({ status: 'ERROR', code: 'sync.sideAway' });
    expect(state.run?.message).toContain('Credentials rejected');
    expect(await store.stream(scope, 'people')).toMatchObject({ connecHigh, appCursor });

    const asked = requestsOf('cld-1');
    const begun = Date.now();
    for (let minute = 15; minute <= 90; minute += 15) {
      await schedule.turn(begun + minute * 60_000);
      await sync.idle();
      // Each of them has just been run, by the real clock.
      expect(requestsOf('cld-1') - asked).toBeLessThanOrEqual(minute);
    }
    expect(requestsOf('cld-1')).toBeGreaterThan(asked);
    sandbox.faults.remove(fault.id);
    for (let minute = 100; minute <= 190; minute += 10) {
      await schedule.turn(begun + minute * 60_000);
      await sync.idle();
      if ((await store.group(scope)).run?.status === 'SUCCESS') break;
    }
    expect(names().toSorted()).toEqual(['Ottoline of cld-1', 'Ottoline of cld-2']);
  });
});

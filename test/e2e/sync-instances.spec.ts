import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import { MaestranoSync, MaestranoSyncModule, MemorySyncStore, syncEntity } from '../../src/sync/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { MemorySource } from '../support/sync/memory-source.js';

interface Contact {
  readonly firstName: string;
  readonly lastName: string;
}

describe('two instances on one store', () => {
  let sandbox: Sandbox;
  let instances: TestApplication[];
  let contacts: MemorySource<Contact>;
  let group: { readonly marketplace: string; readonly groupUid: string };
  const syncs = (): readonly MaestranoSync[] => instances.map(({ app }) => app.get(MaestranoSync));

  beforeEach(async () => {
    sandbox = await startSandbox({ scenario: 'empty' });
    const [marketplace] = sandbox.marketplaces.list();
    sandbox.build.group(marketplace!.name, { uid: 'cld-1', name: 'Lantern Works' });
    group = { marketplace: marketplace!.name, groupUid: 'cld-1' };
    contacts = new MemorySource<Contact>({ firstName: '', lastName: '' });
    const store = new MemorySyncStore();
    const entity = syncEntity('people', contacts, {
      fields: { first_name: 'firstName', last_name: 'lastName' },
    });
    const companies = syncEntity('organizations', new MemorySource({ name: '' }), {
      fields: { name: 'name' },
    });
    instances = await Promise.all(
      [1, 2].map(() =>
        testApplication({
          sandbox,
          imports: [
            MaestranoSyncModule.forRoot({
              store,
              owner: { provider: 'test-app', realm: 'main' },
              firstRun: 'apply',
              entities: [entity, companies],
            }),
          ],
        }),
      ),
    );
  });
  afterEach(async () => {
    await Promise.all(instances.map((one) => one.close()));
    await sandbox.close();
  });

  const listings = (): number => sandbox.journal.find({ method: 'GET', route: 'connec/people' }).length;
  const idle = async (): Promise<void> => {
    for (const sync of [...syncs(), ...syncs()]) await sync.idle();
  };

  it('check 17: twenty starts at once are one run and one more, and none is lost', async () => {
    for (let n = 0; n < 60; n += 1) contacts.add({ firstName: `Person ${n}`, lastName: 'Okonjo-Lindqvist' });
    await Promise.all(Array.from({ length: 20 }, (_one, n) => syncs()[n % 2]!.start(group)));
    await idle();
    expect(sandbox.connec.list('people', { group: 'cld-1' })).toHaveLength(60);
    // Each run lists the changes of Connec! once; each instance may have begun one for itself.
    expect(listings()).toBeLessThanOrEqual(4);
    expect(await syncs()[0]!.status(group)).toMatchObject({ run: { status: 'SUCCESS' } });
  });

  it('has what changes during the run of another instance follow that run', async () => {
    const [one, two] = syncs() as [MaestranoSync, MaestranoSync];
    let told = false;
    contacts.before = () => {
      if (told) return;
      told = true;
      contacts.add({ firstName: 'Latecomer', lastName: 'Okonjo-Lindqvist' });
      void two.start(group);
    };
    sandbox.connec.write('people', { first_name: 'First' }, { group: 'cld-1' });
    await one.run(group);
    for (
      let look = 0;
      look < 200 && sandbox.connec.list('people', { group: 'cld-1' }).length < 2;
      look += 1
    ) {
      await idle();
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(sandbox.connec.list('people', { group: 'cld-1' })).toHaveLength(2);
    expect(contacts.list).toHaveLength(2);
  });

  it('keep what both are told at the same moment', async () => {
    const [one, two] = syncs() as [MaestranoSync, MaestranoSync];
    const paused = async () =>
      (await one.status(group)).entities.filter((of) => of.paused).map(({ entity }) => entity);
    await Promise.all([one.pause(group, 'people'), two.pause(group, 'organizations')]);
    expect(await paused()).toEqual(['people', 'organizations']);
    await Promise.all([one.resume(group, 'people'), two.resume(group, 'organizations')]);
    expect(await paused()).toEqual([]);
    await one.pause(group, 'people');
    await Promise.all([one.resume(group, 'people'), two.pause(group, 'organizations')]);
    expect(await paused()).toEqual(['organizations']);
    // An even number of turns is none.
    await Promise.all([one.toggle(group), two.toggle(group)]);
    expect((await one.status(group)).enabled).toBe(true);
    await Promise.all([one.toggle(group), two.pause(group), two.toggle(group), one.toggle(group)]);
    expect([(await one.status(group)).enabled, await paused()]).toEqual([false, ['people', 'organizations']]);
  });
});

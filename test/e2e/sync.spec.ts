import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import {
  MaestranoSync,
  MaestranoSyncModule,
  MemorySyncStore,
  SyncRejected,
  syncEntity,
} from '../../src/sync/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { MemorySource } from '../support/sync/memory-source.js';

interface Contact {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string | null;
  readonly companyId: number | null;
}

interface Company {
  readonly name: string;
}

interface Invoice {
  readonly title: string;
  readonly lines: readonly {
    readonly id?: string;
    readonly text: string;
    readonly quantity: number | null;
  }[];
}

interface ConnecInvoice {
  readonly title?: string | null;
  readonly lines?: readonly { readonly description?: string | null; readonly quantity?: number | null }[];
}

const GROUP = 'cld-1';

describe.each(HTTP_ADAPTERS)('synchronization with Connec! on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: TestApplication;
  let contacts: MemorySource<Contact>;
  let companies: MemorySource<Company>;
  let invoices: MemorySource<Invoice>;
  let sync: MaestranoSync;
  let group: { readonly marketplace: string; readonly groupUid: string };

  beforeEach(async () => {
    sandbox = await startSandbox({ port: 0, seed: 7 });
    const [marketplace] = sandbox.marketplaces.list();
    group = { marketplace: marketplace!.name, groupUid: GROUP };
    contacts = new MemorySource<Contact>({ firstName: '', lastName: '', email: null, companyId: null });
    companies = new MemorySource<Company>({ name: '' });
    invoices = new MemorySource<Invoice>({ title: '', lines: [] });
    app = await testApplication({
      httpAdapter,
      sandbox,
      extras: { routes: { synchronization: true } },
      imports: [
        MaestranoSyncModule.forRoot({
          store: new MemorySyncStore(),
          owner: { provider: 'test-app', realm: 'main' },
          firstRun: 'plan',
          restMs: 0,
          entities: [
            syncEntity('people', contacts, {
              fields: {
                first_name: 'firstName',
                last_name: 'lastName',
                'email.address': 'email',
                organization_id: { app: 'companyId', refers: 'organizations' },
              },
              match: ['email.address'],
            }),
            syncEntity('organizations', companies, { fields: { name: 'name' }, match: ['name'] }),
            syncEntity<Invoice, 'invoices', ConnecInvoice>('invoices', invoices, {
              accept: ({ connec }) => connec?.title !== undefined || connec === undefined,
              fields: {
                title: 'title',
                lines: {
                  app: 'lines',
                  key: 'id',
                  match: ['description'],
                  fields: { description: 'text', quantity: 'quantity' },
                },
              },
            }),
          ],
        }),
      ],
    });
    sync = app.app.get(MaestranoSync);
  });
  afterEach(async () => {
    await app.close();
    await sandbox.close();
  });

  const people = (): readonly Record<string, unknown>[] =>
    sandbox.connec.list('people', { group: GROUP, marketplace: group.marketplace });
  const write = (record: Record<string, unknown>, resource = 'people'): Record<string, unknown> =>
    sandbox.connec.write(resource, record, { group: GROUP, marketplace: group.marketplace });
  const names = (): readonly string[] =>
    people()
      .map((one) => String(one.first_name))
      .toSorted();
  const ran = async (): Promise<void> => {
    expect(await sync.run(group)).toMatchObject({ status: 'done', errors: [] });
  };

  it('check 1: shows a plan, writes nothing before it is confirmed, and then makes both sides the same', async () => {
    const before = people().length;
    for (const name of ['Ann', 'Bob', 'Cyd']) {
      contacts.add({ firstName: name, lastName: 'App', email: `${name}@x.test` });
    }
    write({ first_name: 'Ann', last_name: 'Okonjo-Lindqvist', email: { address: 'ANN@x.test' } });
    write({ first_name: 'Dan', last_name: 'Okonjo-Lindqvist', email: { address: 'dan@x.test' } });
    await ran();
    const plan = await sync.plan(group);
    expect(plan.summary.people).toMatchObject({ match: 1, createInConnec: 2 });
    const shown = (await sync.plan(group, { values: true })).entries.flatMap(({ fields }) => fields);
    expect(shown).toContainEqual({ name: 'first_name', to: 'connec', rule: 'new record', value: 'Bob' });
    expect(shown).toContainEqual({ name: 'first_name', to: 'app', rule: 'new record', value: 'Dan' });
    expect(plan.entries.flatMap(({ fields }) => fields).filter((field) => 'value' in field)).toEqual([]);
    expect(contacts.writes).toEqual([]);
    expect(people()).toHaveLength(before + 2);

    await sync.confirm(group);
    await ran();
    expect(contacts.list).toHaveLength(before + 4);
    expect(people()).toHaveLength(before + 4);
    const writes = contacts.writes.length;
    const journal = people().map(({ updated_at: at }) => at);
    await ran();
    expect(contacts.writes).toHaveLength(writes);
    expect(people().map(({ updated_at: at }) => at)).toEqual(journal);
    expect((await sync.plan(group)).entries).toEqual([]);
  });

  it('check 7: carries edits of both sides to the other one', async () => {
    await sync.confirm(group);
    const ann = contacts.add({ firstName: 'Ann', lastName: 'Bee', email: 'ann@x.test' });
    await ran();
    const remote = people().find((one) => one.first_name === 'Ann')!;
    contacts.edit(ann.id, { firstName: 'Anna' });
    write({ id: remote.id, last_name: 'Beeton' });
    await ran();
    expect(contacts.rows.get(ann.id)).toMatchObject({ firstName: 'Anna', lastName: 'Beeton' });
    expect(people().find(({ id }) => id === remote.id)).toMatchObject({
      first_name: 'Anna',
      last_name: 'Beeton',
    });
    expect(await sync.explain(group, { entity: 'people', app: String(ann.id) })).toEqual(
      expect.arrayContaining([expect.stringContaining('only connec changed')]),
    );
  });

  it('check 11: has a person wait for the company it refers to, in the same run', async () => {
    await sync.confirm(group);
    const company = companies.add({ name: 'Acme' });
    contacts.add({ firstName: 'Eve', lastName: 'Acme', companyId: company.id });
    await ran();
    const acme = sandbox.connec
      .list('organizations', { group: GROUP, marketplace: group.marketplace })
      .find(({ name }) => name === 'Acme')!;
    expect(people().find((one) => one.first_name === 'Eve')?.organization_id).toBe(acme.id);
  });

  it('check 11: takes a person up once the company arrived, and says so in between', async () => {
    await sync.confirm(group);
    companies.before = () => {
      throw new SyncRejected('not yet');
    };
    const acme = write({ name: 'Remote Ltd' }, 'organizations');
    write({ first_name: 'Fay', organization_id: acme.id });
    await sync.run(group);
    const fay = people().find((one) => one.first_name === 'Fay')!;
    expect((await sync.explain(group, { entity: 'people', connec: String(fay.id) })).join(' ')).toMatch(
      /It waits for organizations\/\S+ \((?:app|connec)\), held for less than an hour\./,
    );
    companies.before = null;
    const operations = await sync.operations(group);
    await operations.retry({ entity: 'organizations', connec: String(acme.id) });
    await ran();
    expect(contacts.list.find(({ firstName }) => firstName === 'Fay')?.companyId).toBe(
      String(companies.list.find(({ name }) => name === 'Remote Ltd')?.id),
    );
  });

  it('check 12, and F10 of check 2: keeps ids of lines with their lines, whatever order they come in', async () => {
    await sync.confirm(group);
    const bill = invoices.add({
      title: 'Chairs',
      lines: [
        { id: 'x1', text: 'Oak', quantity: 1 },
        { id: 'x2', text: 'Elm', quantity: 2 },
        { id: 'x3', text: 'Ash', quantity: 3 },
      ],
    });
    await ran();
    const remote = (): Record<string, unknown> =>
      sandbox.connec
        .list('invoices', { group: GROUP, marketplace: group.marketplace })
        .find(({ title }) => title === 'Chairs')!;
    const lines = (): readonly Record<string, unknown>[] => remote().lines as Record<string, unknown>[];
    const before = new Map(lines().map((line) => [line.description, line.id]));
    expect([...before.keys()]).toEqual(['Oak', 'Elm', 'Ash']);
    // Two edits at once: the application reorders, removes, adds and changes; Connec! changes another line.
    invoices.edit(bill.id, {
      lines: [
        { id: 'x3', text: 'Ash', quantity: 30 },
        { id: 'x4', text: 'Fir', quantity: 4 },
        { id: 'x1', text: 'Oak', quantity: 1 },
      ],
    });
    write(
      {
        id: remote().id,
        lines: lines().map((line) => (line.description === 'Oak' ? { ...line, quantity: 10 } : line)),
      },
      'invoices',
    );
    await ran();
    await ran();
    const after = new Map(lines().map((line) => [line.description, line]));
    expect([...after.keys()].toSorted()).toEqual(['Ash', 'Fir', 'Oak']);
    expect(after.get('Ash')).toMatchObject({ id: before.get('Ash'), quantity: 30 });
    expect(after.get('Oak')).toMatchObject({ id: before.get('Oak'), quantity: 10 });
    expect(after.get('Fir')).toMatchObject({ quantity: 4 });
    expect(invoices.rows.get(bill.id)?.lines).toEqual([
      { id: 'x3', text: 'Ash', quantity: 30 },
      { id: 'x4', text: 'Fir', quantity: 4 },
      { id: 'x1', text: 'Oak', quantity: 10 },
    ]);
    const writes = invoices.writes.length;
    await ran();
    expect(invoices.writes).toHaveLength(writes);
    expect((await sync.plan(group, { only: ['invoices'] })).entries).toEqual([]);
  });

  it('check 13: keeps one bad record apart, and sends it once it was corrected', async () => {
    await sync.confirm(group);
    await ran();
    contacts.before = (_what, data) => {
      if (data.firstName === 'Bad') throw new SyncRejected('no such name', 'firstName');
    };
    const bad = write({ first_name: 'Bad' });
    write({ first_name: 'Good' });
    await ran();
    expect(contacts.list.map(({ firstName }) => firstName)).toContain('Good');
    expect(await sync.held(group, 'people', 'quarantined')).toMatchObject([
      { code: 'sync.rejectedByApp', fields: ['firstName'], connec: bad.id },
    ]);
    write({ id: bad.id, first_name: 'Better' });
    await ran();
    expect(contacts.list.map(({ firstName }) => firstName)).toContain('Better');
    expect(await sync.held(group, 'people', 'quarantined')).toEqual([]);
  });

  it('check 21: applies a plan except for records that changed since', async () => {
    const [ann, bob] = ['Ann', 'Bob'].map((firstName) => contacts.add({ firstName, lastName: 'P' }));
    await ran();
    const plan = await sync.plan(group, { only: ['people'] });
    contacts.edit(bob!.id, { firstName: 'Bobby' });
    const { skipped } = await sync.apply(group, plan);
    expect(skipped).toHaveLength(1);
    expect(names()).toContain('Ann');
    expect(names()).not.toContain('Bobby');
    expect(contacts.rows.get(ann!.id)).toBeDefined();
  });

  it('check 29: sends no matching fields, and leaves two with one address to a person', async () => {
    await sync.confirm(group);
    await ran();
    for (const firstName of ['Gus', 'Hal']) contacts.add({ firstName, email: 'info@x.test' });
    await ran();
    expect(names()).toEqual(expect.arrayContaining(['Gus', 'Hal']));
    write({ first_name: 'Ida', email: { address: 'two@x.test' } });
    for (const firstName of ['Jan', 'Kim']) contacts.add({ firstName, email: 'two@x.test' });
    await ran();
    expect(await sync.held(group, 'people', 'ambiguous')).toHaveLength(3);
    expect(names()).not.toContain('Jan');
  });

  it('check 33: carries nothing but the transition when a record is archived', async () => {
    await sync.confirm(group);
    const leo = contacts.add({ firstName: 'Leo' });
    await ran();
    contacts.rows.delete(leo.id);
    await (await sync.operations(group)).deleted('people', String(leo.id));
    await ran();
    expect(people().find((one) => one.first_name === 'Leo')).toMatchObject({ status: 'ARCHIVED' });
  });

  it('stops at a mass change until it is confirmed', async () => {
    await sync.confirm(group);
    const all = Array.from({ length: 60 }, (_one, index) => contacts.add({ firstName: `N${index}` }));
    await ran();
    for (const { id } of all) contacts.edit(id, { firstName: 'Same' });
    expect(await sync.run(group)).toMatchObject({ status: 'failed', errors: [{ code: 'sync.massChange' }] });
    await sync.confirm(group, 'people');
    await ran();
    expect(names().filter((name) => name === 'Same')).toHaveLength(60);
  });

  it('check 35: stops when the application shows an older state, and does what a person says', async () => {
    await sync.confirm(group);
    const mia = contacts.add({ firstName: 'Mia' });
    await ran();
    contacts.edit(mia.id, { firstName: 'Mia Newer' });
    await ran();
    contacts.rows.set(mia.id, mia);
    expect(await sync.run(group, { full: true })).toMatchObject({ errors: [{ code: 'sync.restored' }] });
    expect(names()).toContain('Mia Newer');
    await (await sync.operations(group)).restored('people', 'theOther');
    await ran();
    expect(contacts.rows.get(mia.id)?.firstName).toBe('Mia Newer');
  });

  it('check 6: writes the other side once after a notification, and none to its own echo', async () => {
    await sync.confirm(group);
    await ran();
    sandbox.webhooks.subscribe(['people']);
    write({ first_name: 'Ned' });
    for (
      let count = 0;
      count < 100 && contacts.list.every(({ firstName }) => firstName !== 'Ned');
      count += 1
    ) {
      await pause(50);
    }
    await sync.idle();
    await pause(100);
    await sync.idle();
    expect(contacts.writes.filter((one) => one.includes('Ned'))).toHaveLength(1);
  });

  it('forgets a group that cancelled the application', async () => {
    await sync.confirm(group);
    contacts.add({ firstName: 'Quy' });
    await ran();
    expect((await sync.status(group)).entities.some(({ links }) => links > 0)).toBe(true);
    const [delivery] = await sandbox.webhooks.deleteGroup(GROUP);
    expect(delivery?.status).toBe(200);
    expect(await sync.status(group)).toMatchObject({
      run: null,
      entities: [
        { links: 0, confirmed: false },
        { links: 0, confirmed: false },
        { links: 0, confirmed: false },
      ],
    });
    expect(names()).toContain('Quy');
  });

  describe('asked by the platform', () => {
    const call = async (
      method: string,
      path: string,
      body?: string,
    ): Promise<[number, Record<string, unknown>]> => {
      const [marketplace] = sandbox.marketplaces.list();
      const response = await fetch(`${app.url}/maestrano/${group.marketplace}/synchronizations${path}`, {
        method,
        headers: {
          authorization: `Basic ${btoa(`${marketplace!.apiId}:${marketplace!.apiKeys[0]}`)}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        ...(body === undefined ? {} : { body }),
      });
      return [response.status, (await response.json()) as Record<string, unknown>];
    };

    it('check 17: makes one run of many starts, and one more', async () => {
      await sync.confirm(group);
      const oda = contacts.add({ firstName: 'Oda', lastName: 'Same' });
      await ran();
      contacts.edit(oda.id, { firstName: 'Oda of the application' });
      write({ id: people().find((one) => one.first_name === 'Oda')!.id, first_name: 'Oda of Connec!' });
      let open = (): void => undefined;
      const gate = new Promise<void>((resolve) => (open = resolve));
      const changes = contacts.changes.bind(contacts);
      let runs = 0;
      contacts.changes = async (query) => {
        runs += 1;
        await gate;
        return changes(query);
      };
      const body = `group_id=${GROUP}&opts[connec_preemption]=false`;
      const answers = await Promise.all(Array.from({ length: 20 }, () => call('POST', '', body)));
      open();
      await sync.idle();
      expect(answers.every(([status]) => status === 201)).toBe(true);
      expect(runs).toBeLessThanOrEqual(2);
      expect(names()).toContain('Oda of the application');
    });

    it('check 16: is started, switched and watched', async () => {
      await sync.confirm(group);
      expect(await call('GET', `/${GROUP}`)).toEqual([
        200,
        { group_id: GROUP, sync_enabled: true, status: 'DISABLED' },
      ]);
      contacts.add({ firstName: 'Oda' });
      const [status, started] = await call('POST', '', `group_id=${GROUP}&opts[full_sync]=true`);
      expect([status, started.status]).toEqual([201, 'ENQUEUED']);
      await sync.idle();
      expect(await call('GET', `/${GROUP}`)).toMatchObject([200, { status: 'SUCCESS' }]);
      expect(names()).toContain('Oda');
      expect(await call('PUT', '/toggle_sync', `group_id=${GROUP}`)).toMatchObject([
        200,
        { sync_enabled: false },
      ]);
      contacts.add({ firstName: 'Pia' });
      await call('POST', '', `group_id=${GROUP}`);
      await sync.idle();
      expect(names()).not.toContain('Pia');
    });
  });
});

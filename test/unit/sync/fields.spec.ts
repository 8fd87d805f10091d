import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { syncEntity } from '../../../src/sync/fields/sync-entity.js';
import { follow } from '../../../src/sync/progress.js';
import type { SyncStatus } from '../../../src/sync/sync-status.interface.js';
import { EngineBench, people } from '../../support/sync/engine-bench.js';
import { MemorySource } from '../../support/sync/memory-source.js';

describe('fields with guards, shared fields, circles and records that fail', () => {
  let bench: EngineBench;

  beforeEach(() => {
    bench = new EngineBench();
  });
  afterEach(() => bench.close());

  it('a field whose guard says no takes no part, until it says yes', async () => {
    bench.entities = [
      people(bench.source, {
        fields: {
          first_name: 'firstName',
          status: 'state',
          score: {
            app: 'score',
            when: ({ app, connec }) => (app?.state ?? 'ACTIVE') === 'ACTIVE' && connec?.status !== 'ARCHIVED',
          },
        },
      }),
    ];
    const row = bench.source.add({ firstName: 'Ann', score: 1, state: 'ARCHIVED' });
    await bench.runs(2);
    const there = (): Readonly<Record<string, unknown>> => bench.connec.by('first_name', 'Ann')!.record;
    expect(there()).not.toHaveProperty('score');
    bench.source.edit(row.id, { score: 2, firstName: 'Ann' });
    await bench.runs(2);
    expect(there()).not.toHaveProperty('score');
    bench.source.edit(row.id, { state: 'ACTIVE' });
    await bench.runs(3);
    expect(there()).toMatchObject({ score: 2, status: 'ACTIVE' });
  });

  it('a shared field goes to Connec! only', async () => {
    bench.entities = [people(bench.source, { shared: ['last_name'] })];
    const row = bench.source.add({ firstName: 'Bob', lastName: 'Title' });
    await bench.runs(2);
    const { id } = bench.connec.by('first_name', 'Bob')!;
    bench.connec.edit(id, { last_name: 'Edited there', email: 'bob@x.test' });
    await bench.run();
    expect(bench.source.rows.get(row.id)).toMatchObject({ lastName: 'Title', email: 'bob@x.test' });
    bench.source.edit(row.id, { lastName: 'New title' });
    await bench.run();
    expect(bench.connec.records.get(id)?.record.last_name).toBe('New title');
  });

  it('records that refer to each other in a circle are created, then get their references', async () => {
    interface Company {
      readonly name: string;
      readonly contactId: number | null;
    }
    interface Contact {
      readonly firstName: string;
      readonly companyId: number | null;
    }
    const companies = new MemorySource<Company>({ name: '', contactId: null });
    const contacts = new MemorySource<Contact>({ firstName: '', companyId: null });
    bench.entities = [
      syncEntity<Contact, 'people', { first_name?: string | null; organization_id?: string | null }>(
        'people',
        contacts,
        {
          fields: { first_name: 'firstName', organization_id: { app: 'companyId', refers: 'organizations' } },
        },
      ),
      syncEntity<Company, 'organizations', { name?: string | null; contact_id?: string | null }>(
        'organizations',
        companies,
        { fields: { name: 'name', contact_id: { app: 'contactId', refers: 'people' } } },
      ),
    ];
    companies.add({ name: 'Acme', contactId: 1 });
    contacts.add({ firstName: 'Cyd', companyId: 1 });
    await bench.runs(2);
    const [acme, cyd] = [bench.connec.by('name', 'Acme')!, bench.connec.by('first_name', 'Cyd')!];
    expect(cyd.record.organization_id).toBe(acme.id);
    expect(acme.record.contact_id).toBe(cyd.id);
    const { writes } = bench;
    await bench.runs(2);
    expect(bench.writes).toBe(writes);
    expect([companies.list.length, contacts.list.length, bench.connec.records.size]).toEqual([1, 1, 2]);
  });

  it('a record that fails in an unknown way rests longer each time, and is quarantined in the end', async () => {
    bench.connec.add({ first_name: 'Dan' });
    let tries = 0;
    bench.source.before = () => {
      tries += 1;
      throw new Error('a bug');
    };
    for (let count = 0; count < 12; count += 1) {
      await bench.run({}, 3_700);
    }
    expect(tries).toBe(8);
    expect(await bench.operations.quarantine.list('people')).toMatchObject([{ code: 'sync.undecided' }]);
    bench.source.before = null;
    await bench.operations.quarantine.retry({ entity: 'people', connec: 'c1' });
    await bench.runs(2);
    expect(bench.names.app).toEqual(['Dan']);
  });

  it('progress is told until the run has ended', async () => {
    const entity = {
      entity: 'people',
      links: 10,
      due: 4,
      holds: { waiting: 1 },
      gone: 0,
      stopped: null,
      confirmed: true,
      paused: false,
      foundBySweep: 0,
      dueSince: null,
      notices: [],
    } as const;
    const state = { id: '1', message: '', startedAt: 0, endedAt: null };
    const states: SyncStatus[] = [
      { enabled: true, run: { ...state, status: 'RUNNING' }, entities: [entity] },
      { enabled: true, run: { ...state, status: 'SUCCESS' }, entities: [{ ...entity, due: 0 }] },
    ];
    const told = [];
    for await (const one of follow(async () => states.shift()!, { everyMs: 1 })) told.push(one);
    expect(told).toMatchObject([
      { status: 'RUNNING', records: 10, settled: 6, due: 4, held: 1 },
      { status: 'SUCCESS', settled: 10, due: 0 },
    ]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { syncEntity } from '../../../src/sync/fields/sync-entity.js';
import { EngineBench, people, SCOPE } from '../../support/sync/engine-bench.js';
import { MemorySource } from '../../support/sync/memory-source.js';

/** docs/reference/synchronization.md, "Faults of connector-rails": what happened there, and what happens here. */
describe('check 2: the faults of connector-rails', () => {
  let bench: EngineBench;

  beforeEach(() => {
    bench = new EngineBench();
  });
  afterEach(() => bench.close());

  it('F1: a change after the entity was read and before the run ended arrives', async () => {
    const ann = bench.source.add({ firstName: 'Ann' });
    await bench.runs(2);
    bench.source.edit(ann.id, { lastName: 'Two' });
    bench.connec.beforeRead = () => {
      bench.connec.beforeRead = null;
      bench.source.edit(ann.id, { firstName: 'Anna' });
    };
    await bench.runs(2);
    expect(bench.connec.by('first_name', 'Anna')).toBeDefined();
  });

  it('F2: a change of a record while it is sent arrives', async () => {
    const ann = bench.source.add({ firstName: 'Ann' });
    await bench.runs(2);
    bench.source.edit(ann.id, { firstName: 'Second' });
    bench.connec.fault = () => {
      bench.connec.fault = null;
      bench.source.edit(ann.id, { firstName: 'Third' });
      return null;
    };
    await bench.runs(2);
    expect(bench.names).toEqual({ app: ['Third'], connec: ['Third'] });
  });

  it('F3: edits of two fields on two sides both survive', async () => {
    const ann = bench.source.add({ firstName: 'F0', lastName: 'L0' });
    await bench.runs(2);
    bench.source.edit(ann.id, { firstName: 'F1' });
    bench.connec.edit(bench.connec.by('first_name', 'F0')!.id, { last_name: 'L1' });
    await bench.runs(2);
    expect(bench.source.list).toMatchObject([{ firstName: 'F1', lastName: 'L1' }]);
    expect(bench.connec.by('first_name', 'F1')?.record).toMatchObject({ last_name: 'L1' });
  });

  it('F4: a process that dies after a create makes one record', async () => {
    bench.connec.add({ first_name: 'Bob' });
    const create = bench.source.create.bind(bench.source);
    bench.source.create = async (data, write) => {
      bench.source.create = create;
      await create(data, write);
      throw new Error('the process died');
    };
    await bench.run();
    await bench.run({}, 600);
    await bench.runs(2);
    expect(bench.names).toEqual({ app: ['Bob'], connec: ['Bob'] });
  });

  it('F5: a record that cannot be mapped stops no other one', async () => {
    bench.entities = [
      people(bench.source, {
        fields: {
          first_name: {
            app: 'firstName',
            to: (name) => {
              if (name === 'Bad') throw new Error('no such name');
              return name;
            },
            from: (name) => name ?? '',
          },
        },
      }),
    ];
    for (let count = 0; count < 9; count += 1) bench.source.add({ firstName: `Good ${count}` });
    bench.source.add({ firstName: 'Bad' });
    expect(await bench.run()).toMatchObject({ status: 'done', errors: [] });
    expect(bench.connec.records.size).toBe(9);
    expect(await bench.operations.quarantine.list('people')).toMatchObject([
      { code: 'sync.mapping', fields: ['first_name'] },
    ]);
  });

  it('F6: a record that the application could not take once is tried again', async () => {
    bench.connec.add({ first_name: 'Cyd' });
    bench.source.before = () => {
      bench.source.before = null;
      throw new Error('503');
    };
    await bench.run();
    expect(bench.source.list).toEqual([]);
    await bench.run({}, 600);
    expect(bench.names.app).toEqual(['Cyd']);
  });

  it('F7: a record whose reference was not there yet is sent once it is', async () => {
    const companies = new MemorySource<{ readonly name: string }>({ name: '' });
    const contacts = new MemorySource<{ readonly firstName: string; readonly companyId: number | null }>({
      firstName: '',
      companyId: null,
    });
    bench.entities = [
      syncEntity('people', contacts, {
        fields: {
          first_name: 'firstName',
          organization_id: { app: 'companyId', refers: 'organizations' },
        },
      }),
    ];
    expect(() => bench.engine).toThrow('which is not synchronized');
    bench.entities = [
      ...bench.entities,
      syncEntity('organizations', companies, { fields: { name: 'name' } }),
    ];
    contacts.add({ firstName: 'Dan', companyId: 1 });
    await bench.runs(3);
    expect(bench.connec.writes).toEqual([]);
    companies.add({ name: 'Later Ltd' });
    await bench.run();
    expect(bench.connec.by('first_name', 'Dan')).toBeDefined();
  });

  it('F8: notifications of both sides do not answer each other', async () => {
    bench.source.add({ firstName: 'Eve' });
    await bench.run();
    const [link] = await bench.links();
    const writes = bench.writes;
    for (let count = 0; count < 10; count += 1) {
      await bench.store.hint(SCOPE, [
        { entity: 'people', side: 'app', recordId: link!.app.id!, cause: 'touch' },
        { entity: 'people', side: 'connec', recordId: link!.connec.id!, cause: 'notification' },
      ]);
      await bench.run();
    }
    expect(bench.writes).toBe(writes);
  });

  it('F9: a record that may not go to the application is not created there', async () => {
    bench.settings = { ...bench.settings, firstRun: 'plan' };
    const { id } = bench.connec.add({ first_name: 'Fay' });
    await bench.run();
    await bench.operations.direct({ entity: 'people', connec: id }, 'toConnec');
    await bench.operations.confirm('people');
    await bench.runs(3);
    expect(bench.source.list).toEqual([]);
  });

  it('F11: a record that was deleted in the application is archived at Connec!', async () => {
    for (const firstName of ['Gus', 'Hal', 'Ida']) bench.source.add({ firstName });
    await bench.runs(2);
    bench.source.rows.delete(1);
    await bench.run({ full: true });
    await bench.run({ full: true }, 900);
    expect(bench.connec.by('first_name', 'Gus')?.record.status).toBe('ARCHIVED');
    expect(bench.connec.by('first_name', 'Hal')?.record.status).toBe('ACTIVE');
  });

  it('F12: a second run does not start beside one that takes long', async () => {
    bench.source.add({ firstName: 'Jan' });
    const results = await Promise.all([bench.run(), bench.run()]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['busy', 'done']);
    expect(bench.connec.records.size).toBe(1);
  });

  it('F13: a name that changes before the record could be sent makes one link', async () => {
    const kim = bench.source.add({ firstName: 'Kim' });
    bench.connec.fault = () => ({ kind: 'notSent' });
    expect(await bench.run()).toMatchObject({ errors: [{ code: 'sync.sideAway' }] });
    bench.connec.fault = null;
    bench.source.edit(kim.id, { firstName: 'Kimberly' });
    await bench.runs(2);
    expect(bench.names.connec).toEqual(['Kimberly']);
    expect(await bench.links()).toHaveLength(1);
  });
});

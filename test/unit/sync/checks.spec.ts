import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { MaestranoSyncError } from '../../../src/errors/sync.error.js';
import type { SyncPlan } from '../../../src/sync/engine/plan.js';
import { explanationOf } from '../../../src/sync/explain.js';
import { SyncRejected } from '../../../src/sync/source/sync-source.error.js';
import {
  type ConnecPerson,
  EngineBench,
  people,
  type Person,
  SCOPE,
} from '../../support/sync/engine-bench.js';
import { proveSize } from '../../support/sizes.js';
import { MemoryConnec } from '../../support/sync/memory-connec.js';
import { MemorySource, type Row } from '../../support/sync/memory-source.js';

/** Records of check 36, and edits after the release: all of them under `npm run prove`. */
const LINKS = proveSize(1_000, 10_000);
const EDITS = proveSize(40, 100);

/** The acceptance checks of the reference that need neither a server nor a database, by their numbers. */
describe('synchronization between a table and Connec! in memory', () => {
  let bench: EngineBench;

  beforeEach(() => {
    bench = new EngineBench();
  });
  afterEach(() => bench.close());

  const many = (count: number): readonly (Person & Row)[] =>
    Array.from({ length: count }, (_one, index) => bench.source.add({ firstName: `N${index}` }));

  it('check 4: creates of which no response arrived make no second record', async () => {
    many(50);
    let lost = 50;
    bench.connec.fault = ({ kind }) =>
      kind === 'create' && (lost -= 1) >= 0 ? 'applied, and nobody knows' : null;
    await bench.run();
    await bench.run({}, 600);
    await bench.runs(2);
    expect(bench.connec.records.size).toBe(50);
    expect((await bench.links()).every(({ externalConfirmed }) => externalConfirmed)).toBe(true);
  });

  it('check 5: a create that commits and then throws makes one record, or is left to a person', async () => {
    const failing = (): void => {
      const create = bench.source.create.bind(bench.source);
      bench.source.create = async (data, write) => {
        bench.source.create = create;
        await create(data, write);
        throw new Error('after the commit');
      };
    };
    bench.connec.add({ first_name: 'With key' });
    failing();
    await bench.run();
    await bench.run({}, 600);
    expect(bench.names.app).toEqual(['With key']);

    const second = bench.connec.add({ first_name: 'Without key' });
    Object.assign(bench.source, { withoutKey: true });
    let creates = 0;
    bench.source.before = () => {
      creates += 1;
      throw new Error('before the commit, which nobody knows');
    };
    await bench.run();
    await bench.run({}, 600);
    expect(await bench.operations.quarantine.list('people')).toMatchObject([
      { code: 'sync.undecidedCreate', connec: second.id },
    ]);
    await bench.runs(3);
    expect(creates).toBe(1);
    bench.source.before = null;
    await bench.operations.quarantine.retry({ entity: 'people', connec: second.id });
    await bench.run();
    expect(bench.names.app).toEqual(['With key', 'Without key']);
  });

  it('the version keeps an edit that falls between our look and our write in the application', async () => {
    const row = bench.source.add({ firstName: 'Tom', lastName: 'Old' });
    await bench.runs(2);
    bench.connec.edit(bench.connec.by('first_name', 'Tom')!.id, { last_name: 'Of Connec!' });
    bench.source.before = () => {
      bench.source.before = null;
      bench.source.edit(row.id, { firstName: 'Thomas', lastName: 'Of the application' });
    };
    await bench.runs(3);
    expect(bench.source.rows.get(row.id)).toMatchObject({
      firstName: 'Thomas',
      lastName: 'Of the application',
    });
    expect(bench.connec.by('first_name', 'Thomas')?.record.last_name).toBe('Of the application');
  });

  it('check 10: a record that becomes visible a minute late arrives', async () => {
    bench.connec.add({ first_name: 'Late' }, { hideFor: 60_000 });
    bench.now += 30_000;
    bench.connec.add({ first_name: 'First' });
    await bench.run();
    expect(bench.names.app).toEqual(['First']);
    await bench.run({}, 60);
    expect(bench.names.app).toEqual(['First', 'Late']);
  });

  it('check 15: deletes are archived after two complete lists, and the brake asks when there are many', async () => {
    const rows = many(100);
    await bench.runs(2);
    for (const { id } of rows.slice(0, 30)) bench.source.rows.delete(id);
    const changes = bench.source.changes.bind(bench.source);
    bench.source.changes = async (query) => {
      if (query.cursor !== null && Number(query.cursor) < 90) throw new Error('broken off');
      return { ...(await changes({ ...query, limit: 40 })) };
    };
    await bench.run({ full: true });
    await bench.run({ full: true }, 900);
    const archived = (): number =>
      [...bench.connec.records.values()].filter(({ record }) => record.status === 'ARCHIVED').length;
    expect(archived()).toBe(0);
    bench.source.changes = changes;
    await bench.run({ full: true });
    expect(archived()).toBe(0);
    await bench.run({ full: true }, 900);
    expect(archived()).toBe(30);
    for (const { id } of rows.slice(30, 90)) bench.source.rows.delete(id);
    await bench.run({ full: true });
    expect(await bench.run({ full: true }, 900)).toMatchObject({ errors: [{ code: 'sync.massChange' }] });
    expect(archived()).toBe(30);
  });

  it('check 18: two marketplaces with the same ids keep apart', async () => {
    const other = {
      source: new MemorySource<Person>({ ...bench.source.add({ firstName: 'Acme' }) }),
      connec: new MemoryConnec(),
    };
    other.source.add({ firstName: 'Other' });
    const sides = { ...bench.sides, scope: { ...SCOPE, marketplace: 'other' }, connec: other.connec };
    await bench.run();
    bench.entities = [people(other.source)];
    await bench.engine.run(sides);
    expect(bench.names.connec).toEqual(['Acme']);
    expect([...other.connec.records.values()].map(({ record }) => record.first_name)).toEqual(['Other']);
  });

  it('check 22: a field that is rounded is reported once, and makes no traffic', async () => {
    bench.connec.form = (values) =>
      typeof values.score === 'number' ? { ...values, score: Math.round(values.score) } : values;
    bench.source.add({ firstName: 'Lea', score: 1.4 });
    const first = await bench.run();
    expect(first.notices).toMatchObject([{ code: 'sync.roundTrip', field: 'score', entity: 'people' }]);
    const { writes } = bench;
    await bench.runs(5);
    expect(bench.writes).toBe(writes);
    expect(bench.source.list).toMatchObject([{ score: 1.4 }]);
    expect((await bench.stream()).notices).toHaveLength(1);
  });

  it('check 24: no value of a record is in errors, holds, notices, the history or explanations', async () => {
    const canary = 'Zanzibar-Quokka-7731';
    bench.connec.form = (values) => ({ ...values, last_name: String(values.last_name).slice(0, 3) });
    const row = bench.source.add({ firstName: canary, lastName: canary, email: `${canary}@x.test` });
    bench.connec.add({ first_name: `${canary} there` });
    bench.source.before = () => {
      throw new SyncRejected('no such record');
    };
    const results = [await bench.run(), await bench.run()];
    bench.source.edit(row.id, { firstName: `${canary} again` });
    results.push(await bench.run());
    const texts: unknown[] = [...results, (await bench.stream()).notices];
    for (const link of await bench.links()) {
      const history = await bench.store.history(SCOPE, 'people', link.key, 20);
      texts.push(link.hold, history, explanationOf(link, await bench.stream(), history, bench.now));
    }
    expect(JSON.stringify(texts)).toContain('sync.roundTrip');
    expect(JSON.stringify(texts)).not.toContain('Quokka');
  });

  it('check 30: a note that the platform cuts off stays whole in the application', async () => {
    bench.connec.form = (values) =>
      typeof values.last_name === 'string'
        ? { ...values, last_name: values.last_name.slice(0, 255) }
        : values;
    const note = 'x'.repeat(5_000);
    const row = bench.source.add({ firstName: 'Mia', lastName: note });
    await bench.runs(10);
    bench.source.edit(row.id, { firstName: 'Mia B' });
    await bench.runs(2);
    expect(bench.source.rows.get(row.id)).toMatchObject({ firstName: 'Mia B', lastName: note });
    expect((await bench.stream()).notices).toMatchObject([
      { code: 'sync.roundTrip', field: 'last_name', sent: 5_000, kept: 255 },
    ]);
    bench.connec.edit(bench.connec.by('first_name', 'Mia B')!.id, { last_name: 'short' });
    await bench.run();
    expect(bench.source.rows.get(row.id)?.lastName).toBe('short');
  });

  it('check 31: of two edits in one second the second one stays, however late the notification of the first', async () => {
    const { id } = bench.connec.add({ first_name: 'Ned' });
    await bench.runs(2);
    bench.connec.edit(id, { first_name: 'J1' });
    bench.connec.edit(id, { first_name: 'J2' });
    await bench.run();
    const before = bench.source.writes.length;
    bench.connec.add({ first_name: 'Other' });
    await bench.run({}, 600);
    await bench.store.hint(SCOPE, [
      { entity: 'people', side: 'connec', recordId: id, cause: 'notification' },
    ]);
    await bench.run();
    expect(bench.names.app).toEqual(['J2', 'Other']);
    expect(bench.source.writes.slice(before).filter((one) => one.includes('J1'))).toEqual([]);
  });

  it('check 33: archiving, un-archiving and an edit beside it all arrive', async () => {
    const row = bench.source.add({ firstName: 'Ola' });
    await bench.runs(2);
    const there = (): ConnecPerson => [...bench.connec.records.values()][0]!.record;
    bench.source.edit(row.id, { state: 'ARCHIVED' });
    await bench.run();
    expect(there().status).toBe('ARCHIVED');
    bench.source.edit(row.id, { state: 'ACTIVE' });
    await bench.run();
    expect(there().status).toBe('ACTIVE');
    bench.source.edit(row.id, { state: 'ARCHIVED' });
    bench.connec.edit([...bench.connec.records.keys()][0]!, { last_name: 'Edited' });
    await bench.runs(2);
    expect(there()).toMatchObject({ status: 'ARCHIVED', last_name: 'Edited' });
    expect(bench.source.rows.get(row.id)).toMatchObject({ state: 'ARCHIVED', lastName: 'Edited' });
  });

  it('check 34: nothing of a merged record is written to the one that survived', async () => {
    many(2);
    await bench.runs(2);
    const [winner, loser] = [bench.connec.by('first_name', 'N0')!, bench.connec.by('first_name', 'N1')!];
    bench.connec.mergeInto(winner.id, loser.id);
    bench.source.edit(2, { lastName: 'of the loser' });
    const { writes } = bench;
    await bench.runs(20);
    expect(bench.writes).toBe(writes);
    expect(bench.connec.records.size).toBe(1);
    expect(await bench.operations.merges.list('people')).toMatchObject([{ app: '2', others: [winner.id] }]);
    await bench.operations.merges.split({ entity: 'people', app: '2' });
    await bench.runs(2);
    expect(bench.connec.by('last_name', 'of the loser')?.record.first_name).toBe('N1');
    expect(bench.connec.records.get(winner.id)?.record.first_name).toBe('N0');
  });

  it('check 34: a merge is accepted', async () => {
    many(2);
    await bench.runs(2);
    bench.connec.mergeInto(bench.connec.by('first_name', 'N0')!.id, bench.connec.by('first_name', 'N1')!.id);
    await bench.run({ full: true });
    await bench.operations.merges.accept({ entity: 'people', app: '2' });
    bench.source.edit(2, { lastName: 'later' });
    await bench.runs(3);
    expect(bench.connec.records.size).toBe(1);
    expect(await bench.operations.merges.list('people')).toEqual([]);
  });

  it('check 35: a platform that was restored stops the entity, and one of three answers goes on', async () => {
    many(100);
    await bench.runs(2);
    const backup = new Map(bench.connec.records);
    bench.now += 60_000;
    bench.source.edit(7, { lastName: 'Newer' });
    await bench.run();
    bench.connec.records.clear();
    for (const [id, record] of backup) bench.connec.records.set(id, record);
    const { writes } = bench.source;
    const before = writes.length;
    expect(await bench.run()).toMatchObject({ errors: [{ code: 'sync.restored' }] });
    await bench.runs(3);
    expect(writes).toHaveLength(before);
    expect((await bench.stream()).stopped).toMatchObject({ code: 'sync.restored', side: 'connec' });
    await bench.operations.restored('people', 'theOther');
    await bench.runs(3);
    expect(bench.source.rows.get(7)?.lastName).toBe('Newer');
    expect(bench.connec.by('last_name', 'Newer')).toBeDefined();
  });

  it('check 35: a restore while a write is under way is noticed by the response', async () => {
    const row = bench.source.add({ firstName: 'Sue', lastName: 'Old' });
    await bench.runs(2);
    const backup = new Map(bench.connec.records);
    bench.now += 60_000;
    bench.connec.edit(bench.connec.by('first_name', 'Sue')!.id, { last_name: 'Newer' });
    await bench.run();
    bench.source.edit(row.id, { firstName: 'Susan' });
    bench.connec.fault = () => {
      bench.connec.fault = null;
      for (const [id, record] of backup) bench.connec.records.set(id, record);
      return null;
    };
    expect(await bench.run()).toMatchObject({ errors: [{ code: 'sync.restored' }] });
    await bench.runs(3);
    expect(bench.source.rows.get(row.id)).toMatchObject({ firstName: 'Susan', lastName: 'Newer' });
  });

  describe('a value from before that the response to a write shows', () => {
    /** Sue and Ann are edited at Connec!, Ann later; then Sue in the application, and something happens under the write of that. */
    const underWrite = async (
      happens: (sue: string, backup: MemoryConnec['records']) => void,
    ): Promise<void> => {
      const row = bench.source.add({ firstName: 'Sue', lastName: 'Old' });
      bench.source.add({ firstName: 'Ann', lastName: 'Old' });
      await bench.runs(2);
      const backup = new Map(bench.connec.records);
      for (const name of ['Sue', 'Ann']) {
        bench.now += 60_000;
        bench.connec.edit(bench.connec.by('first_name', name)!.id, { last_name: 'Newer' });
        await bench.run();
      }
      bench.source.edit(row.id, { firstName: 'Susan' });
      bench.connec.fault = () => {
        bench.connec.fault = null;
        happens(bench.connec.by('first_name', 'Sue')!.id, backup);
        return null;
      };
    };
    const names = (): readonly string[] =>
      bench.source.list.map(({ firstName, lastName }) => `${firstName} ${lastName}`);

    it('is an edit where the newest record is as it was: no backup left that', async () => {
      await underWrite((sue) => bench.connec.edit(sue, { last_name: 'Old' }));
      expect((await bench.run()).errors).toEqual([]);
      await bench.runs(2);
      expect(names()).toEqual(['Susan Old', 'Ann Newer']);
    });

    it('is of a backup where the newest record went back as well', async () => {
      await underWrite((_sue, backup) => {
        for (const [id, record] of backup) bench.connec.records.set(id, record);
      });
      expect(await bench.run()).toMatchObject({ errors: [{ code: 'sync.restored' }] });
      await bench.runs(2);
      expect(names()).toEqual(['Susan Newer', 'Ann Newer']);
    });

    it('stops the entity where Connec! cannot be asked any more', async () => {
      await underWrite((sue) => {
        bench.connec.edit(sue, { last_name: 'Old' });
        bench.connec.beforeRead = () => {
          bench.connec.beforeRead = null;
          throw new MaestranoSyncError('sync.sideAway');
        };
      });
      expect(await bench.run()).toMatchObject({ errors: [{ code: 'sync.restored' }] });
      await bench.runs(2);
      expect(names()).toEqual(['Susan Newer', 'Ann Newer']);
    });
  });

  it('check 35: a restored application overwrites and archives nothing', async () => {
    many(100);
    await bench.runs(2);
    const backup = new Map(bench.source.rows);
    bench.now += 60_000;
    bench.source.add({ firstName: 'After the backup' });
    bench.source.edit(7, { lastName: 'Newer' });
    await bench.runs(2);
    bench.source.rows.clear();
    for (const [id, row] of backup) bench.source.rows.set(id, row);
    const { length } = bench.connec.writes;
    for (let count = 0; count < 3; count += 1) await bench.run({ full: true }, 900);
    expect(bench.connec.writes).toHaveLength(length);
    expect((await bench.stream()).stopped).toMatchObject({ code: 'sync.restored', side: 'app' });
  });

  it(
    'check 36: a release with a wrong mapping writes no record that nobody edited, and says so',
    async () => {
      const spec = (to: (state: string) => string): ReturnType<typeof people> =>
        people(bench.source, {
          fields: {
            first_name: 'firstName',
            status: { app: 'state', to, from: (status) => status ?? 'ACTIVE' },
          },
        });
      const right = spec((state) => state);
      const wrong = spec((state) => (state === 'ACTIVE' ? 'INACTIVE' : 'ACTIVE'));
      bench.entities = [right];
      const rows = many(LINKS);
      await bench.runs(2);
      bench.entities = [wrong];
      for (const { id } of rows.slice(0, EDITS)) bench.source.edit(id, { firstName: `E${id}` });
      const { length } = bench.connec.writes;
      const result = await bench.run();
      expect(result.notices).toMatchObject([{ code: 'sync.mappingChanged', field: 'status', count: LINKS }]);
      const sent = bench.connec.writes.slice(length);
      expect(sent).toHaveLength(EDITS);
      expect(sent.filter(({ changes }) => 'status' in changes)).toEqual([]);
      for (const entity of [right, wrong, right]) {
        bench.entities = [entity];
        expect((await bench.run({ full: true })).errors).toEqual([]);
      }
      expect(bench.connec.writes).toHaveLength(length + EDITS);

      bench.entities = [wrong];
      await bench.run();
      await bench.operations.remap('people', ['status'], 'app');
      expect((await bench.plan()).summary).toEqual({ people: { update: 1_000 } });
      expect((await bench.run()).errors).toMatchObject([{ code: 'sync.massChange' }]);
      await bench.operations.confirm('people');
      await bench.run();
      expect([...bench.connec.records.values()].every(({ record }) => record.status === 'INACTIVE')).toBe(
        true,
      );
      expect((await bench.stream()).notices).toEqual([]);
    },
    proveSize(60_000, 300_000),
  );

  it.each([
    ['says so by its version', 2],
    ['does not say so', 1],
  ])(
    'check 36: two releases side by side for 50 slices, of which the newer %s, write nothing by turns',
    async (_how, version) => {
      const spec = (newer: boolean): ReturnType<typeof people> =>
        people(bench.source, {
          version: newer ? version : 1,
          fields: {
            first_name: 'firstName',
            status: {
              app: 'state',
              to: newer ? (state) => (state === 'ACTIVE' ? 'INACTIVE' : 'ACTIVE') : (state) => state,
              from: (status) => status ?? 'ACTIVE',
            },
          },
        });
      const releases = [spec(false), spec(true)];
      bench.entities = [releases[0]!];
      const rows = many(30);
      await bench.runs(2);
      const { length } = bench.connec.writes;
      const appWrites = bench.source.writes.length;
      for (let slice = 0; slice < 50; slice += 1) {
        if (slice % 5 === 0) bench.source.edit(rows[slice % 30]!.id, { firstName: `Edit ${slice}` });
        bench.entities = [releases[slice % 2]!];
        const { errors } = await bench.run({ full: slice % 10 === 9 }, 60);
        const standsBack = version === 2 && slice % 2 === 0 && slice > 0;
        expect(errors.map(({ code }) => code)).toEqual(standsBack ? ['sync.olderDeclaration'] : []);
      }
      const sent = bench.connec.writes.slice(length);
      expect(sent).toHaveLength(10);
      expect(sent.filter(({ changes }) => 'status' in changes)).toEqual([]);
      expect(bench.source.writes).toHaveLength(appWrites);
    },
  );

  it('check 36: a field that is added, removed and brought back writes nothing that nobody edited', async () => {
    const spec = (...names: readonly ('last_name' | 'score')[]): ReturnType<typeof people> =>
      people(bench.source, {
        fields: {
          first_name: 'firstName',
          email: 'email',
          ...(names.includes('last_name') ? { last_name: 'lastName' } : {}),
          ...(names.includes('score') ? { score: 'score' } : {}),
        },
      });
    bench.entities = [spec()];
    const rows = many(10);
    await bench.runs(2);
    // Both sides have values of their own in fields that nobody kept the same.
    for (const { id } of rows) bench.source.edit(id, { lastName: 'Of the application', score: 1 });
    for (const id of bench.connec.records.keys())
      bench.connec.edit(id, { last_name: 'Of Connec!', score: 2 });
    await bench.runs(2);
    const writes = (): readonly string[] => [
      ...bench.source.writes,
      ...bench.connec.writes.map(({ changes }) => JSON.stringify(changes)),
    ];
    const before = writes().length;
    for (const fields of [['last_name'], ['last_name', 'score'], [], ['last_name', 'score']] as const) {
      bench.entities = [spec(...fields)];
      bench.source.edit(rows[0]!.id, { email: `${fields.join('-')}@example.test` });
      await bench.run({ full: true }, 90_000);
      await bench.run({}, 60);
    }
    expect(
      writes()
        .slice(before)
        .filter((one) => /"(last_?name|score)":/i.test(one)),
    ).toEqual([]);
  });

  it('check 36: a field that moved to another property writes nothing, and an older release stands back', async () => {
    many(3);
    await bench.runs(2);
    const { length } = bench.connec.writes;
    const [old] = bench.entities;
    bench.entities = [
      people(bench.source, {
        version: 2,
        fields: { first_name: 'state', last_name: 'lastName', email: 'email' },
      }),
    ];
    expect((await bench.run({ full: true })).notices).toMatchObject([{ field: 'first_name' }]);
    expect(bench.connec.writes).toHaveLength(length);
    bench.entities = [old!];
    bench.source.edit(1, { lastName: 'By an older one' });
    expect(await bench.run()).toMatchObject({ errors: [{ code: 'sync.olderDeclaration' }] });
    // Nor does it plan, or do what a plan of its own said before.
    await expect(bench.plan()).rejects.toMatchObject({ code: 'sync.olderDeclaration' });
    const entry = { entity: 'people', key: 'k', action: 'updateInConnec' };
    const plan = { entries: [entry] } as unknown as SyncPlan;
    await expect(bench.engine.apply(bench.sides, plan)).rejects.toMatchObject({
      code: 'sync.olderDeclaration',
    });
    expect(bench.connec.writes).toHaveLength(length);
  });

  it('check 36: a field that moves while the outcome of a write is open reverts nobody', async () => {
    const release = (property: 'lastName' | 'state') =>
      people(bench.source, { fields: { first_name: 'firstName', last_name: property } });
    bench.entities = [release('lastName')];
    bench.source.add({ firstName: 'Ann', lastName: 'One', state: 'one' });
    await bench.runs(2);
    // Both properties: the later release keeps it in another form.
    bench.source.edit(1, { lastName: 'Two', state: 'two' });
    bench.connec.fault = () => 'applied, and nobody knows';
    await bench.run();
    bench.connec.fault = null;
    const [id] = [...bench.connec.records.keys()];
    bench.now += 5_000;
    bench.connec.edit(id!, { last_name: 'Three' });
    bench.now += 5_000;
    // Another field: the record is newer, the field that moved is not.
    bench.source.edit(1, { firstName: 'Anna' });
    bench.entities = [release('state')];
    for (let count = 0; count < 4; count += 1) await bench.run({}, 120);
    expect(bench.connec.records.get(id!)!.record).toMatchObject({ first_name: 'Anna', last_name: 'Three' });
    expect(bench.source.list).toMatchObject([{ firstName: 'Anna', lastName: 'Two', state: 'Three' }]);
  });

  it('check 37: an id that is used again makes a record of its own', async () => {
    const gus = bench.source.add({ firstName: 'Gus' });
    await bench.runs(2);
    bench.source.rows.delete(gus.id);
    bench.now += 60_000;
    const hal = bench.source.add({ firstName: 'Hal' });
    bench.source.rows.delete(hal.id);
    bench.source.rows.set(gus.id, { ...hal, id: gus.id });
    await bench.runs(3);
    expect(bench.names.connec).toEqual(['Gus', 'Hal']);
    expect(bench.connec.by('first_name', 'Gus')?.record.status).toBe('ARCHIVED');
    expect(bench.connec.by('first_name', 'Hal')?.record.status).toBe('ACTIVE');
  });
});

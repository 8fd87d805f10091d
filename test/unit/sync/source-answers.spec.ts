import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import {
  SyncCursorExpired,
  SyncNotFound,
  SyncRejected,
  SyncRetry,
  SyncStale,
} from '../../../src/sync/source/sync-source.error.js';
import { MaestranoSqlError } from '../../../src/errors/sql.error.js';
import { MaestranoSyncError } from '../../../src/errors/sync.error.js';
import type { SyncRunResult } from '../../../src/sync/engine/sync-engine.js';
import type { SyncSource } from '../../../src/sync/source/sync-source.js';
import { explanationOf } from '../../../src/sync/explain.js';
import { readStatus } from '../../../src/sync/read-status.js';
import { logRun } from '../../../src/sync/run-log.js';
import { needsOf, runMessage } from '../../../src/sync/run-message.js';
import { EngineBench, type Person } from '../../support/sync/engine-bench.js';

/** What the log says of a run. */
function logged(result: SyncRunResult): readonly string[] {
  const lines: string[] = [];
  logRun({ warn: (line: string) => lines.push(line) }, { marketplace: 'acme', groupUid: 'cld-1' }, result);
  return lines;
}

/** What a source may say instead of doing what it is asked for. */
describe('a source', () => {
  let bench: EngineBench;

  beforeEach(async () => {
    bench = new EngineBench();
  });
  afterEach(() => bench.close());

  /** A record on both sides, edited at Connec!, and the next write to the application answered so, once. */
  const editedAndAnswered = async (answer: () => void): Promise<void> => {
    const { id } = bench.source.add({ firstName: 'Ida' });
    await bench.runs(2);
    bench.connec.edit(bench.connec.by('first_name', 'Ida')!.id, { last_name: 'Edited' });
    bench.source.before = () => {
      bench.source.before = null;
      answer();
    };
    expect(id).toBe(1);
  };

  it('has a record wait as long as it says, without taking the write for unknown', async () => {
    await editedAndAnswered(() => {
      throw new SyncRetry(600_000);
    });
    expect((await bench.run()).counters).toMatchObject({ unknown: 0, updatedInApp: 0 });
    expect(await bench.linkOf({ app: '1' })).toMatchObject({ intents: [], attempts: 0 });
    await bench.run({}, 590);
    expect(bench.source.rows.get(1)?.lastName).toBe('');
    await bench.run({}, 10);
    expect(bench.source.rows.get(1)?.lastName).toBe('Edited');
  });

  it.each([
    [Number.NaN, 0],
    [-1, 0],
    [Number.POSITIVE_INFINITY, 86_400_000],
  ])('has a record wait a day at most, and not at all for %p', async (afterMs, waited) => {
    await editedAndAnswered(() => {
      throw new SyncRetry(afterMs);
    });
    await bench.run();
    await bench.run({}, waited / 1_000);
    expect(bench.source.rows.get(1)?.lastName).toBe('Edited');
  });

  it('says by an error as well that the record has another version', async () => {
    await editedAndAnswered(() => {
      throw new SyncStale();
    });
    expect((await bench.run()).counters.unknown).toBe(0);
    expect(bench.source.rows.get(1)?.lastName).toBe('Edited');
  });

  it('says by an error as well that the record is gone', async () => {
    await editedAndAnswered(() => {
      bench.source.rows.delete(1);
      throw new SyncNotFound();
    });
    expect((await bench.run()).counters.unknown).toBe(0);
    expect(await bench.linkOf({ app: '1' })).toMatchObject({ hold: { kind: 'absent' }, intents: [] });
  });

  it('lists everything again where its cursor has expired, and no second time', async () => {
    for (const firstName of ['Ann', 'Bob']) bench.source.add({ firstName });
    await bench.runs(2);
    const changes = bench.source.changes.bind(bench.source);
    const cursors: (string | null)[] = [];
    bench.source.changes = async (query) => {
      cursors.push(query.cursor);
      if (query.cursor !== null && cursors.length === 1) throw new SyncCursorExpired();
      return changes(query);
    };
    bench.source.edit(1, { lastName: 'Meanwhile' });
    expect(await bench.run()).toMatchObject({ status: 'done', counters: { updatedInConnec: 1 } });
    await bench.run();
    expect(cursors).toEqual(['2', null, '3']);
    bench.source.changes = async () => {
      throw new SyncCursorExpired();
    };
    expect(await bench.run()).toMatchObject({ errors: [{ code: 'sync.sideAway' }] });
  });

  it.each(['changes', 'get', 'find'] as const)(
    'has the customer wait where `%s` cannot be called for a while, and counts it for no record',
    async (method) => {
      const { id } = bench.source.add({ firstName: 'Jon' });
      await bench.runs(2);
      bench.connec.add({ first_name: 'Ira' });
      bench.source.before = () => {
        throw new Error('nobody knows whether it was created');
      };
      await bench.run();
      bench.source.before = null;
      bench.source.edit(id, { lastName: 'Edited' });
      const attempts = (await bench.links()).map((link) => link.attempts);
      const called = bench.source[method].bind(bench.source);
      const wait = async (): Promise<never> => {
        throw new SyncRetry(600_000);
      };
      Object.assign(bench.source, { [method]: wait });
      const { restMs } = bench.settings;
      expect(await bench.run({}, restMs / 1_000)).toMatchObject({
        status: 'failed',
        pausedUntil: bench.now + 600_000,
        errors: [{ code: 'sync.sideAway' }],
        counters: { rejected: 0, unknown: 0 },
      });
      const after = await bench.links();
      expect(after.map((link) => link.attempts)).toEqual(attempts);
      expect(after.filter(({ hold }) => hold !== null)).toEqual([]);
      Object.assign(bench.source, { [method]: called });
      expect(await bench.run()).toMatchObject({ status: 'done', pausedUntil: null });
      expect(bench.names).toEqual({ app: ['Ira', 'Jon'], connec: ['Ira', 'Jon'] });
      expect(bench.connec.by('first_name', 'Jon')?.record.last_name).toBe('Edited');
    },
  );

  it('tells by `fieldChangedAt` which side has the newer value of a field', async () => {
    const identity = bench.source.identity.bind(bench.source);
    const changedAt = new Map<string, Date>();
    bench.source.identity = (row) => ({ ...identity(row), fieldChangedAt: Object.fromEntries(changedAt) });
    const { id } = bench.source.add({ firstName: 'Una', lastName: 'Old' });
    await bench.runs(2);
    bench.source.edit(id, { lastName: 'Of the application' });
    changedAt.set('lastName', new Date(bench.now));
    bench.now += 60_000;
    bench.connec.edit(bench.connec.by('first_name', 'Una')!.id, { last_name: 'Of Connec!' });
    bench.now += 60_000;
    bench.source.edit(id, { email: 'una@x.test' });
    changedAt.set('email', new Date(bench.now));
    await bench.runs(2);
    // By the stamps of the records alone the application's older value would win.
    expect(bench.source.rows.get(id)).toMatchObject({ lastName: 'Of Connec!', email: 'una@x.test' });
    expect(bench.connec.by('first_name', 'Una')?.record).toMatchObject({
      last_name: 'Of Connec!',
      email: 'una@x.test',
    });
  });

  it('that was restored under our write is noticed by the version that it gives', async () => {
    for (const firstName of ['Ann', 'Bob', 'Cyd']) bench.source.add({ firstName });
    await bench.runs(2);
    const first = bench.source.rows.get(1)!;
    bench.connec.edit(bench.connec.by('first_name', 'Bob')!.id, { last_name: 'Edited' });
    const update = bench.source.update.bind(bench.source);
    bench.source.update = async (id, changes, write) => {
      const row = await update(id, changes, write);
      // As a database does that was put back to a time before all of these rows: it draws the next version anew.
      if (row === null || row === 'stale') return row;
      const again = { ...row, rev: first.rev };
      bench.source.rows.set(row.id, again);
      return again;
    };
    expect(await bench.run()).toMatchObject({ errors: [{ code: 'sync.restored' }] });
    expect((await bench.stream()).stopped).toMatchObject({ code: 'sync.restored', side: 'app' });
  });

  it('that throws is named in the result, in the log and beside the record, without what it says', async () => {
    const { id } = bench.source.add({ firstName: 'Ida' });
    for (const first_name of ['Ann', 'Bob', 'Cyd']) bench.connec.add({ first_name });
    bench.source.before = () => {
      throw Object.assign(new TypeError('secret of Ann'), { code: 'E_SECOND' });
    };
    const result = await bench.run();
    const failure = { entity: 'people', call: 'create', error: 'TypeError E_SECOND', count: 3 };
    expect(result).toMatchObject({ status: 'done', counters: { unknown: 3 }, failures: [failure] });
    const warned = logged(result);
    expect(warned).toEqual([
      expect.stringMatching(
        /^people \(acme\/cld-1\): create\(\) of its source ended with TypeError E_SECOND\./,
      ),
    ]);
    const status = await readStatus(bench.store, bench.scope, ['people']);
    const needs = needsOf(status, 'apply');
    expect(runMessage(status, result, needs)).toBe('4 records; 3 writes of unknown outcome');
    const ann = await bench.linkOf({ connec: bench.connec.by('first_name', 'Ann')!.id });
    const sentences = explanationOf(ann!, await bench.stream(), [], bench.now);
    expect(sentences).toContain('The last call of its source, create(), ended with TypeError E_SECOND.');
    expect(JSON.stringify([result, warned, ann!.intents[0]!.failed, sentences])).not.toContain('secret');

    for (let count = 0; count < 8; count += 1) await bench.run({}, 3_700);
    expect(await bench.operations.quarantine.list('people')).toMatchObject(
      ['Ann', 'Bob', 'Cyd'].map(() => ({
        code: 'sync.undecided',
        reason: 'The last create ended with TypeError E_SECOND',
      })),
    );
    expect(id).toBe(1);
  });

  it('that has no such property ends the run with that, with the remedy in the log', async () => {
    bench.connec.add({ first_name: 'Ann' });
    let asked: unknown = null;
    const source: SyncSource<Person> = bench.source;
    source.check = async (properties) => {
      asked = properties;
      throw new MaestranoSyncError('sync.declaration', { message: 'No firstName here.', remedy: 'Add it.' });
    };
    const result = await bench.run();
    expect(asked).toMatchObject({ firstName: 'first_name', state: 'status' });
    expect(result).toMatchObject({
      status: 'failed',
      errors: [
        {
          code: 'sync.declaration',
          entity: 'people',
          message: 'No firstName here. Add it.',
          remedy: 'Add it.',
        },
      ],
    });
    expect(logged(result)).toEqual(['sync.declaration people (acme/cld-1): No firstName here. Add it.']);
    expect(bench.writes).toBe(0);
    delete source.check;
    bench.source.changes = async () => {
      const secret = new Error('connect ECONNREFUSED');
      throw new MaestranoSqlError('sql.timeout', { cause: secret });
    };
    const [line] = logged(await bench.run());
    expect(line).toMatch(
      /^sync\.sideAway people .* Cause: sql\.timeout: .* enlarge the pool\. \(connect ECONNREFUSED\)$/,
    );
  });

  it('quarantines what it rejects, and nothing else', async () => {
    await editedAndAnswered(() => {
      throw new SyncRejected('not this one', 'lastName');
    });
    await bench.run();
    expect(await bench.operations.quarantine.list('people')).toMatchObject([
      { code: 'sync.rejectedByApp', fields: ['lastName'], reason: 'not this one' },
    ]);
  });
});

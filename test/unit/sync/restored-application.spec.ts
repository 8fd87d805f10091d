import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { EngineBench, type Person } from '../../support/sync/engine-bench.js';
import type { Row } from '../../support/sync/memory-source.js';

const STOPPED = { errors: [{ code: 'sync.restored' }] };

/** Check 35 where the backup lacks rows, so that their version numbers are given out once more. */
describe("the application's database is put back, and counts anew", () => {
  let bench: EngineBench;
  let backup: ReadonlyMap<number, Person & Row>;

  beforeEach(async () => {
    bench = new EngineBench();
    bench.source.add({ firstName: 'Ann' });
    bench.source.add({ firstName: 'Bob' });
    await bench.runs(2);
    backup = new Map(bench.source.rows);
    bench.now += 60_000;
  });
  afterEach(() => bench.close());

  /** Two people are made at Connec!, and the backup is put back when the second one is about to be created. */
  const restoreUnderWrite = (): void => {
    bench.connec.add({ first_name: 'Cid' });
    bench.connec.add({ first_name: 'Dee' });
    let creates = 0;
    bench.source.before = () => {
      creates += 1;
      if (creates !== 2) return;
      bench.source.restore(backup);
    };
  };

  const isStopped = async (): Promise<void> => {
    expect((await bench.stream()).stopped).toMatchObject({ code: 'sync.restored', side: 'app' });
    const { length } = bench.connec.writes;
    for (let count = 0; count < 3; count += 1) await bench.run({ full: true }, 900);
    expect(bench.connec.writes).toHaveLength(length);
  };

  it('stops before Connec! is written, where the response to a write shows it', async () => {
    restoreUnderWrite();
    const { length } = bench.connec.writes;
    expect(await bench.run()).toMatchObject(STOPPED);
    expect(bench.connec.writes).toHaveLength(length);
    await isStopped();
  });

  it('keeps what the response showed, where the process dies before it stops', async () => {
    bench.connec.add({ first_name: 'Cid' });
    bench.connec.fault = () => {
      bench.connec.fault = null;
      throw new Error('dead');
    };
    await expect(bench.run()).rejects.toThrow('dead');
    bench.source.restore(backup);
    bench.source.edit(1, { firstName: 'Anne' });
    expect(await bench.run({}, 600)).toMatchObject(STOPPED);
    await isStopped();
  });

  it('stops where the response to a create was lost, by the version of what it made', async () => {
    bench.source.add({ firstName: 'Eve' });
    bench.source.edit(3, { lastName: 'Eden' });
    await bench.runs(2);
    restoreUnderWrite();
    bench.source.after = (_what, { firstName }) => {
      if (firstName === 'Dee') throw new Error('lost');
    };
    await bench.run();
    bench.source.after = null;
    expect(await bench.run({}, 600)).toMatchObject(STOPPED);
    await isStopped();

    await bench.operations.restored('people', 'theOther');
    for (let count = 0; count < 3; count += 1) {
      expect((await bench.run({}, 600)).errors).toEqual([]);
    }
    expect(bench.names.app).toEqual(bench.names.connec);
    expect(bench.names.app).toContain('Cid');
    expect(bench.names.app).toContain('Dee');
  });

  it('stops where a change draws a lower number than a row that was gone before', async () => {
    const { changes } = bench.source;
    // As every source does for some time: transactions may be open that have smaller numbers.
    bench.source.changes = async (question) => ({
      ...(await changes.call(bench.source, { ...question, cursor: null })),
      safeUntil: '0',
    });
    for (const firstName of ['Cid', 'Dee']) bench.source.add({ firstName });
    bench.source.edit(3, { lastName: 'Cox' });
    await bench.runs(2);
    bench.source.restore(backup);
    expect((await bench.run({}, 20)).errors).toEqual([]);
    // Not a number that one of the lost rows had when it was seen.
    bench.source.edit(1, { firstName: 'Anne' });
    expect(await bench.run({}, 20)).toMatchObject(STOPPED);
    await isStopped();
  });

  it('is no restore where a person deletes the newest rows, and others change', async () => {
    for (const firstName of ['Cid', 'Dee']) bench.source.add({ firstName });
    await bench.runs(2);
    for (const id of [3, 4]) bench.source.rows.delete(id);
    expect((await bench.run({}, 600)).errors).toEqual([]);
    bench.source.edit(1, { firstName: 'Anne' });
    for (let count = 0; count < 3; count += 1) {
      expect((await bench.run({ full: true }, 900)).errors).toEqual([]);
    }
    expect(bench.connec.by('first_name', 'Anne')).toBeDefined();
  });

  it('is no restore where a number was drawn before another one, and is committed after it', async () => {
    await bench.run({}, 60);
    const late = bench.source.add({ firstName: 'Late' });
    bench.source.rows.delete(late.id);
    bench.source.add({ firstName: 'Early' });
    await bench.run({}, 74);
    bench.source.rows.set(late.id, late);
    expect((await bench.run({ full: true }, 2)).errors).toEqual([]);
    expect(bench.names.connec).toContain('Late');
  });
});

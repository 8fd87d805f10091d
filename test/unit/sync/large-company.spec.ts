import { afterEach, beforeEach, expect, it } from '@jest/globals';

import { FULL_RUN } from '../../../src/sync/engine/sync-engine.js';
import { stormSize } from '../../support/sizes.js';
import { EngineBench } from '../../support/sync/engine-bench.js';

const PAGE = 100;
const RECORDS = stormSize(1_200, 100_000);

let bench: EngineBench;
beforeEach(() => {
  bench = new EngineBench({ settings: { pageSize: PAGE } });
});
afterEach(() => bench.close());

it(
  'check 19: a first synchronization that is broken off at half goes on from there, and its progress only rises',
  async () => {
    for (let n = 0; n < RECORDS; n += 1) {
      bench.now += 30_000;
      bench.connec.add({ first_name: `Person ${n}`, last_name: '', status: 'ACTIVE' });
    }
    const page = bench.connec.page.bind(bench.connec);
    const ending = new AbortController();
    const known: number[] = [];
    let pages = 0;
    bench.connec.page = async (...args) => {
      pages += 1;
      known.push((await bench.store.count(bench.scope, 'people', bench.now)).links);
      if (pages === RECORDS / PAGE / 2) ending.abort(new Error('killed'));
      return page(...args);
    };
    await expect(bench.engine.run(bench.sides, FULL_RUN, ending.signal)).rejects.toThrow('killed');
    expect(bench.source.list).toHaveLength(0);
    expect((await bench.run()).errors).toEqual([]);
    // One page may be read twice, and one tells that there is nothing behind the last.
    expect(pages).toBeLessThanOrEqual(RECORDS / PAGE + 2);
    expect(known).toEqual(known.toSorted((one, other) => one - other));
    expect(bench.source.list).toHaveLength(RECORDS);
    expect(new Set(bench.source.list.map(({ firstName }) => firstName)).size).toBe(RECORDS);

    // The next run has nothing to do.
    const writes = bench.source.writes.length;
    await bench.run();
    expect(bench.source.writes).toHaveLength(writes);
  },
  stormSize(60_000, 1_800_000),
);

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { EngineBench } from '../../support/sync/engine-bench.js';

describe('what is done for all links of a company', () => {
  let bench: EngineBench;
  /** How often somebody else got the lease meanwhile. */
  let taken = 0;
  beforeEach(() => {
    bench = new EngineBench();
    taken = 0;
  });
  afterEach(() => bench.close());

  /** Each commit takes a while, after which somebody else asks for the company. */
  function slow(): void {
    const commit = bench.store.commit.bind(bench.store);
    bench.store.commit = async (lease, changes) => {
      bench.now += 25_000;
      if (await bench.store.acquire(bench.scope, 1_000)) taken += 1;
      await commit(lease, changes);
    };
  }

  it('keeps its lease while links are imported, mapped anew and decided after a restore', async () => {
    const links = Array.from({ length: 800 }, (_one, n) => ({ app: `${n}`, connec: `c${n}` }));
    const lease = (await bench.store.acquire(bench.scope, 1_000))!;
    const stopped = { code: 'sync.restored', side: 'connec', reason: '', since: 0 } as const;
    const stream = { ...(await bench.stream()), stopped };
    await bench.store.commit(lease, { entity: 'people', stream });
    await bench.store.release(lease);
    slow();
    expect(await bench.operations.importLinks('people', links)).toMatchObject({ linked: 800, known: 0 });
    await bench.operations.remap('people', ['first_name'], 'app');
    await bench.operations.restored('people', 'theOther');
    expect(taken).toBe(0);
  });

  it('counts a row that stands twice in a dump as known, and one that contradicts it as that', async () => {
    const rows = [
      { app: '1', connec: 'c1' },
      { app: '1', connec: 'c1' },
      { app: '1', connec: 'c2' },
      { app: '2', connec: 'c1' },
    ];
    expect(await bench.operations.importLinks('people', rows)).toEqual({
      linked: 1,
      known: 1,
      erased: 0,
      conflicts: rows.slice(2),
    });
  });
});

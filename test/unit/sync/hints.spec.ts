import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { SyncSide } from '../../../src/sync/store/sync-link.js';
import { EngineBench } from '../../support/sync/engine-bench.js';

describe('a hint that names a record before a listing has it', () => {
  let bench: EngineBench;
  beforeEach(() => {
    bench = new EngineBench();
  });
  afterEach(() => bench.close());

  const hint = (side: SyncSide, recordId: string): Promise<void> =>
    bench.store.hint(bench.scope, [{ entity: 'people', side, recordId, cause: 'notification' }]);

  async function minutes(count: number): Promise<void> {
    for (let minute = 0; minute < count; minute += 1) await bench.run({}, 60);
  }

  /** A record that Connec! created for us, of which the response got lost. */
  async function lostResponse(): Promise<string> {
    bench.source.add({ firstName: 'Ann' });
    bench.connec.fault = () => 'applied, and nobody knows';
    await bench.run();
    bench.connec.fault = null;
    return [...bench.connec.records.keys()][0]!;
  }

  it('is of the record that Connec! created for us, though the response was lost', async () => {
    await hint('connec', await lostResponse());
    await minutes(5);
    expect(bench.names).toEqual({ app: ['Ann'], connec: ['Ann'] });
    expect(await bench.links()).toMatchObject([{ app: { id: '1' }, hold: null }]);
  });

  it('is of that record also where no list shows it', async () => {
    const id = await lostResponse();
    bench.connec.records.set(id, { ...bench.connec.records.get(id)!, listedAt: Number.MAX_SAFE_INTEGER });
    await hint('connec', id);
    await minutes(5);
    expect(bench.names).toEqual({ app: ['Ann'], connec: ['Ann'] });
  });

  it('is of the record that the application created for us, though the response was lost', async () => {
    bench.connec.add({ first_name: 'Ann', last_name: '', status: 'ACTIVE' });
    bench.source.after = (_what, { id }) => {
      bench.source.after = null;
      void hint('app', String(id));
      throw new Error('The connection was reset.');
    };
    await minutes(6);
    expect(bench.names).toEqual({ app: ['Ann'], connec: ['Ann'] });
  });

  it('is of the same record as before for a company that left and came back', async () => {
    bench.source.add({ firstName: 'Ann' });
    await bench.runs(2);
    await bench.store.forget(bench.scope);
    await hint('connec', [...bench.connec.records.keys()][0]!);
    const { writes } = bench;
    await minutes(3);
    expect(bench.names).toEqual({ app: ['Ann'], connec: ['Ann'] });
    expect(bench.writes).toBe(writes);
  });
});

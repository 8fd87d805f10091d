import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { SyncSettings } from '../../../src/sync/engine/sync-settings.js';
import { valuesFrom } from '../../../src/sync/engine/history.js';
import { withoutValues } from '../../../src/sync/store/history-values.js';
import type { SyncHistoryEntry } from '../../../src/sync/store/sync-store.js';
import { EngineBench } from '../../support/sync/engine-bench.js';

const DAY = 86_400;

describe('the history of a record', () => {
  let bench: EngineBench;

  beforeEach(() => {
    bench = new EngineBench({ settings: { history: 'values' } });
  });
  afterEach(() => bench.close());

  const historyOf = async (ref: { readonly app: string }): Promise<readonly SyncHistoryEntry[]> => {
    const link = await bench.linkOf(ref);
    return bench.store.history(bench.scope, 'people', link!.key, 20);
  };

  /** Both sides changed the first name, at Connec! later. */
  const conflict = async (app: string, connec: string): Promise<void> => {
    bench.source.edit(1, { firstName: app });
    bench.now += 5_000;
    const [id] = bench.connec.records.keys();
    bench.connec.edit(id!, { first_name: connec });
    await bench.run();
  };

  const begun = async (settings: Partial<SyncSettings>): Promise<void> => {
    bench.settings = { ...bench.settings, ...settings };
    bench.source.add({ firstName: 'Ida', lastName: 'Same' });
    await bench.runs(2);
  };

  it('check 7: tells with `values` what both sides showed, and which rule decided', async () => {
    await begun({});
    await conflict('Of the application', 'Of Connec!');
    const [entry] = await historyOf({ app: '1' });
    expect(entry).toMatchObject({
      field: 'first_name',
      to: 'app',
      rule: 'newest: connec',
      conflict: true,
      values: { app: 'Of the application', connec: 'Of Connec!' },
    });
    expect(entry!.digests!.app).toMatch(/^[\w-]{12}$/);
    expect(entry!.digests!.app).not.toBe(entry!.digests!.connec);
  });

  it('holds digests by default, and no values', async () => {
    await begun({ history: 'digests' });
    await conflict('Of the application', 'Of Connec!');
    const [entry] = await historyOf({ app: '1' });
    expect(entry?.values).toBeUndefined();
    expect(Object.keys(entry!.digests!)).toEqual(['app', 'connec']);
    expect(JSON.stringify(entry)).not.toContain('Of ');
    expect((await bench.stream()).valuesSince).toBeNull();
  });

  it('keeps the beginning of a long value', async () => {
    await begun({});
    await conflict('A'.repeat(5_000), 'C');
    const [entry] = await historyOf({ app: '1' });
    expect(entry?.values).toEqual({ app: `${'A'.repeat(1_000)}…`, connec: 'C' });
  });

  it('forgets values when their time is over, with the next listing of all records; newer ones stay', async () => {
    await begun({});
    await conflict('A1', 'C1');
    const { valuesSince } = await bench.stream();
    expect(valuesSince).toBe(bench.now);
    await bench.run({ full: true }, 29 * DAY);
    await conflict('A2', 'C2');
    const values = async (): Promise<readonly unknown[]> =>
      (await historyOf({ app: '1' })).map((entry) => entry.values?.app);
    expect(await values()).toEqual(['A2', 'A1']);
    await bench.run({ full: true }, 2 * DAY);
    expect(await values()).toEqual(['A2', undefined]);
    await bench.run({ full: true }, 30 * DAY);
    expect(await values()).toEqual([undefined, undefined]);
    expect((await historyOf({ app: '1' })).map(({ rule }) => rule)).toEqual([
      'newest: connec',
      'newest: connec',
    ]);
  });

  it('forgets them where values are not wanted any more', async () => {
    await begun({});
    await conflict('A1', 'C1');
    bench.settings = { ...bench.settings, history: 'digests' };
    await bench.run({ full: true });
    expect((await historyOf({ app: '1' }))[0]).not.toHaveProperty('values');
    expect((await bench.stream()).valuesSince).toBeNull();
  });

  it.each([
    ['values', 100, [100, 101]],
    ['values', 99, [100, 101]],
    ['values', 101, [101]],
    ['digests', 0, []],
  ] as const)('is shown with %s from moment %i on only with the values of %j', (history, moment, shown) => {
    const entries = [100, 101].map((at): SyncHistoryEntry => ({
      key: 'k',
      at,
      field: 'name',
      to: null,
      rule: 'ask',
      conflict: true,
      values: { app: 1, connec: 2 },
    }));
    const from = valuesFrom({ history, historyValuesMs: 1_000 }, moment + 1_000);
    const left = withoutValues(entries, from).filter(({ values }) => values !== undefined);
    expect(left.map(({ at }) => at)).toEqual(shown);
  });
});

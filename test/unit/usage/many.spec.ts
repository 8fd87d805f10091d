import { describe, expect, it } from '@jest/globals';

import { MaestranoSqlError } from '../../../src/errors/sql.error.js';
import type { UsageMeter } from '../../../src/usage/meters/usage-meter.js';
import { MemoryUsageStore } from '../../../src/usage/store/memory-usage-store.js';
import type { FactSpan, FactSums, SealStep } from '../../../src/usage/store/usage-records.js';
import { factOf, UsageWorld } from '../../support/usage/usage-world.js';

const METERS: Readonly<Record<string, UsageMeter>> = {
  sms: { aggregate: 'sum', label: 'SMS', prices: { AUD: [{ model: 'unit', unit: '0.5' }] } },
};
const COMPANIES = 30;

const ref = (index: number) => ({ marketplace: 'one', group: `cld-${index}`, meter: 'sms' });

async function worldOf(store: MemoryUsageStore): Promise<UsageWorld> {
  const world = new UsageWorld({ store, meters: METERS });
  for (let index = 0; index < COMPANIES; index += 1) {
    await world.usage.record(factOf(ref(index), 'a', '2026-09-10', index + 1));
  }
  return world.at('2026-10-10');
}

const cents = (world: UsageWorld): readonly number[] => world.cents.toSorted((one, other) => one - other);
const ALL = Array.from({ length: COMPANIES }, (_, index) => (index + 1) * 50);

/** Takes too long for more than some companies at once. */
class SlowStore extends MemoryUsageStore {
  asked: number[] = [];

  override async sums(
    spans: readonly FactSpan[],
    options: { readonly open: boolean },
  ): Promise<readonly FactSums[]> {
    this.asked.push(spans.length);
    if (spans.length > 8) throw new MaestranoSqlError('sql.timeout');
    return super.sums(spans, options);
  }
}

/** Cannot write one company, for whatever reason. */
class PickyStore extends MemoryUsageStore {
  override async seal(steps: readonly SealStep[]): Promise<boolean> {
    if (steps.some(({ series, statement }) => series === '7' && statement))
      throw new MaestranoSqlError('sql.failed');
    return super.seal(steps);
  }
}

describe('closing many companies together', () => {
  it('goes on with halves of them where they are too many for the store', async () => {
    const store = new SlowStore();
    const world = await worldOf(store);
    const { failed, looked, sealed } = await world.usage.close();
    expect([failed, looked, sealed.length]).toEqual([[], COMPANIES, COMPANIES]);
    expect(store.asked[0]).toBe(COMPANIES);
    expect(cents(world)).toEqual(ALL);
    expect(await world.usage.balances()).toHaveLength(COMPANIES);
  });

  it('closes the others where one of them cannot be written', async () => {
    const world = await worldOf(new PickyStore());
    const { failed } = await world.usage.close();
    expect(failed.map(({ group, error }) => [group, error.code])).toEqual([['cld-6', 'sql.failed']]);
    expect(cents(world)).toEqual(ALL.filter((amount) => amount !== 350));
  });

  it('sends the bills of the others where that of one of them fails', async () => {
    const world = await worldOf(new MemoryUsageStore());
    const create = world.marketplace.createOnce.bind(world.marketplace);
    world.marketplace.createOnce = async (marketplace, key, bill) => {
      if (bill.groupId === 'cld-6') throw new TypeError('away');
      return create(marketplace, key, bill);
    };
    const { failed, sent } = await world.usage.close();
    expect(failed.map(({ group, error }) => [group, error.code])).toEqual([['cld-6', 'usage.failed']]);
    expect(sent).toHaveLength(COMPANIES - 1);
    expect(cents(world)).toEqual(ALL.filter((amount) => amount !== 350));
    expect(await world.usage.balances(ref(6))).toMatchObject([{ unsent: '3.5' }]);
  });

  it('asks a marketplace for a few bills at the same time', async () => {
    const world = await worldOf(new MemoryUsageStore());
    const create = world.marketplace.createOnce.bind(world.marketplace);
    let [now, most] = [0, 0];
    world.marketplace.createOnce = async (marketplace, key, bill) => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return create(marketplace, key, bill);
    };
    await world.usage.close();
    expect(most).toBe(4);
    expect(cents(world)).toEqual(ALL);
  });

  it('foresees all of them in a dry run, and writes nothing', async () => {
    const world = await worldOf(new MemoryUsageStore());
    const { sealed } = await world.usage.close({ dryRun: true });
    expect(sealed).toHaveLength(COMPANIES);
    expect(world.cents).toEqual([]);
    expect((await world.usage.close()).sealed).toEqual(sealed);
  });
});

import { describe, expect, it } from '@jest/globals';

import type { UsageMeter } from '../../../src/usage/meters/usage-meter.js';
import { factOf, UsageWorld, type UsageWorldOptions } from '../../support/usage/usage-world.js';

const SMS: UsageMeter = {
  aggregate: 'sum',
  label: 'SMS',
  prices: { AUD: [{ model: 'unit', unit: '0.5' }] },
};
const REF = { marketplace: 'one', group: 'cld-1', meter: 'sms' };

const worldOf = (meter: Partial<UsageMeter> = {}, options: Partial<UsageWorldOptions> = {}): UsageWorld =>
  new UsageWorld({ ...options, meters: { sms: { ...SMS, ...meter } } });
const fact = (id: string, at: string, quantity?: number) => factOf(REF, id, at, quantity);

/** Where the periods of the subject begin and end, ISO 8601. */
async function periodsOf(world: UsageWorld): Promise<string[]> {
  const { periods } = (await world.store.load('1'))!;
  return periods.map(({ starts, ends }) =>
    [starts, ends].map((at) => new Date(at).toISOString().slice(0, 16)).join(' '),
  );
}

describe('a company that leaves', () => {
  it('left when the first of two webhooks came', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-14'));
    await world.usage.finish(REF);
    await world.at('2026-09-20').usage.finish(REF);
    expect((await world.store.load('1'))!.series.leftAt).toBe(Date.parse('2026-09-15T00:00:00Z'));
    await expect(world.usage.record(fact('b', '2026-09-17'))).rejects.toMatchObject({ code: 'usage.left' });
  });

  it('is billed by what was known of it, where nobody knows it any more', async () => {
    const world = worldOf({}, { company: async () => null });
    await world.usage.record(fact('a', '2026-09-10', 2));
    await world.at('2026-10-10').usage.close();
    await world.usage.record(fact('b', '2026-10-09', 4));
    world.company = null;
    await world.usage.finish(REF);
    expect(world.cents).toEqual([100, 200]);
  });

  it('is away for a moment at least, although it came back before it left', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10'));
    await world.usage.finish(REF);
    await world.usage.returned({ ...REF, at: new Date('2026-09-01') });
    const { periods } = (await world.store.load('1'))!;
    for (const { starts, ends } of periods) expect(ends).toBeGreaterThan(starts);
    expect(periods.slice(1).map(({ starts }) => starts)).toEqual(
      periods.slice(0, -1).map(({ ends }) => ends),
    );
  });
});

describe('the day of a company', () => {
  const BY_COMPANY: Partial<UsageMeter> = { cycle: { every: 'month', day: 'company' } };

  it('stays what it was at the first use', async () => {
    const world = worldOf(BY_COMPANY);
    world.company = { zone: 'UTC', createdAt: new Date('2026-01-10') };
    await world.usage.record(fact('a', '2026-09-12'));
    await world.at('2026-09-20').usage.close();
    world.company = { zone: 'UTC', createdAt: new Date('2026-01-25') };
    await world.at('2026-10-20').usage.close();
    expect(await periodsOf(world)).toEqual([
      '2026-09-10T00:00 2026-10-10T00:00',
      '2026-10-10T00:00 2026-11-10T00:00',
    ]);
  });

  it('is a new one when it comes back', async () => {
    const world = worldOf(BY_COMPANY);
    world.company = { zone: 'UTC', createdAt: new Date('2026-01-10') };
    await world.usage.record(fact('a', '2026-09-12'));
    await world.usage.finish(REF);
    world.company = { zone: 'UTC', createdAt: new Date('2026-01-25') };
    await world.at('2026-09-20').usage.returned(REF);
    await world.at('2026-11-01').usage.record(fact('b', '2026-10-30'));
    await world.usage.close();
    expect((await periodsOf(world)).at(-1)).toBe('2026-10-25T00:00 2026-11-25T00:00');
  });
});

it('opens what lies before the first period in the zone of that one, wherever the company is by now', async () => {
  const world = worldOf();
  world.company = { zone: 'Australia/Sydney' };
  await world.usage.record(fact('a', '2026-09-12'));
  await world.usage.close();
  world.company = { zone: 'UTC' };
  await world.usage.record(fact('b', '2026-07-12'));
  await world.at('2026-10-05').usage.close();
  expect((await periodsOf(world)).slice(0, 3)).toEqual([
    '2026-06-30T14:00 2026-07-31T14:00',
    '2026-07-31T14:00 2026-08-31T14:00',
    '2026-08-31T14:00 2026-09-30T14:00',
  ]);
});

it('does not hold a bill of exactly the most that may go out by itself', async () => {
  const world = worldOf({ maxBill: '0.50' });
  await world.usage.record(fact('a', '2026-09-10'));
  await world.at('2026-10-10').usage.close();
  expect(world.cents).toEqual([50]);
});

it('gives a bill up that waited ninety days for a card, and says so', async () => {
  const world = worldOf({ noCard: 'hold' });
  world.company = { hasCreditCard: false };
  await world.usage.record(fact('a', '2026-09-10'));
  await world.at('2026-10-10').usage.close();
  await world.at('2027-01-08').usage.close();
  expect(await world.usage.statement({ ...REF, seq: 1 })).toMatchObject({ status: 'held', held: 'card' });
  await world.at('2027-01-09').usage.close();
  expect(await world.usage.statement({ ...REF, seq: 1 })).toMatchObject({ status: 'expired' });
  expect(world.events).toMatchObject([{ type: 'usage.expired', amount: '0.5' }]);
  expect(world.cents).toEqual([]);
});

it('calls a fact late that lies before the end of what is stated, and not at it', async () => {
  const world = worldOf();
  await world.usage.record(fact('a', '2026-09-10'));
  await world.at('2026-10-10').usage.close();
  expect(await world.usage.record(fact('b', '2026-09-30T23:59:59.999Z'))).toBe('late');
  expect(await world.usage.record(fact('c', '2026-10-01T00:00:00.000Z'))).toBe('recorded');
});

it('takes one id of two keys for a conflict', async () => {
  const world = worldOf({ aggregate: 'uniqueCount' });
  await world.usage.record(factOf(REF, 'a', '2026-09-10', 1, 'ann'));
  expect(await world.usage.record(factOf(REF, 'a', '2026-09-10', 1, 'ann'))).toBe('duplicate');
  await expect(world.usage.record(factOf(REF, 'a', '2026-09-10', 1, 'bo'))).rejects.toMatchObject({
    code: 'usage.conflict',
  });
});

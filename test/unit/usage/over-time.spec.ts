import { describe, expect, it } from '@jest/globals';

import type { UsageMeter } from '../../../src/usage/meters/usage-meter.js';
import { AMOUNT_PLACES, formatExact, parseExact, sumOf } from '../../../src/usage/exact/exact-decimal.js';
import { factOf, UsageWorld } from '../../support/usage/usage-world.js';

const REF = { marketplace: 'one', group: 'cld-days', meter: 'sms' };
const SEPTEMBER = [new Date('2026-09-01T00:00:00Z'), new Date('2026-10-01T00:00:00Z')] as const;

const worldOf = (meter: Omit<UsageMeter, 'label'>): UsageWorld =>
  new UsageWorld({ meters: { sms: { label: 'SMS', ...meter } } });

const fact = (id: string, at: string, quantity?: string | number, key?: string) =>
  factOf(REF, id, at, quantity, key);

const total = (amounts: readonly (string | null)[]): string =>
  formatExact(sumOf(amounts.map((amount) => parseExact(amount ?? '0', AMOUNT_PLACES))), AMOUNT_PLACES);

describe('usage by day', () => {
  it('costs what the period costs until the end of the day and not before it: tiers go on', async () => {
    const tiers = [
      { upTo: '20', unit: '0.5' },
      { unit: '0.1', flat: '2' },
    ];
    const world = worldOf({ aggregate: 'sum', prices: { AUD: [{ model: 'graduated', tiers }] } });
    await world.usage.record(fact('a', '2026-09-02T10:00:00Z', 15));
    await world.usage.record(fact('b', '2026-09-04T10:00:00Z', 25));
    await world.usage.record(fact('c', '2026-09-04T11:00:00Z', '0.5'));
    await world.usage.close(REF);
    const days = await world.usage.usage(REF, ...SEPTEMBER, 'day');
    // Today is the 15th: of days to come nothing is said.
    expect(days).toHaveLength(15);
    const used = days.filter(({ quantity }) => quantity !== '0');
    expect(used.map(({ day, quantity, amount }) => [day, quantity, amount])).toEqual([
      ['2026-09-02', '15', '7.5'],
      ['2026-09-04', '25.5', '6.55'],
    ]);
    expect(days.filter(({ amount }) => amount !== '0')).toHaveLength(2);
    expect(await world.usage.usage(REF, ...SEPTEMBER, 'period')).toMatchObject([
      { quantity: '40.5', amount: '14.05' },
    ]);
    await world.at('2026-10-10').usage.close();
    const [statement] = await world.statements(REF);
    const closed = await world.usage.usage(REF, ...SEPTEMBER, 'day');
    expect(closed).toHaveLength(30);
    expect(total(closed.map(({ amount }) => amount))).toBe(statement!.total);
    // Half a month, with the same days.
    const some = await world.usage.usage(REF, new Date('2026-09-04T00:00:00Z'), SEPTEMBER[1], 'day');
    expect(some[0]).toEqual(closed[3]);
  });

  it.each([
    ['count', [{ model: 'package', size: '3', each: '2', minimum: '7', minimumWhen: 'always' }]],
    ['max', [{ model: 'unit', unit: '2' }]],
    ['last', [{ model: 'unit', unit: '2' }]],
    ['uniqueCount', [{ model: 'volume', tiers: [{ upTo: '1', unit: '3' }, { unit: '1' }] }]],
    [
      'sum',
      [
        { model: 'unit', unit: '1' },
        { model: 'unit', unit: '3', from: new Date('2026-09-10T07:07:00Z') },
      ],
    ],
    ['timeWeighted', [{ model: 'unit', unit: '31' }]],
  ] as const)('of %s adds up to the period, to the last place', async (aggregate, prices) => {
    const world = worldOf({ aggregate, prices: { AUD: prices } });
    for (const [index, day] of ['02', '05', '10', '11'].entries()) {
      const key = index % 2 === 0 ? 'ann' : 'bo';
      await world.usage.record(fact(day, `2026-09-${day}T12:34:56Z`, 4 - index, key));
    }
    await world.at('2026-10-10').usage.close();
    const [statement] = await world.statements(REF);
    const days = await world.usage.usage(REF, ...SEPTEMBER, 'day');
    expect(days).toHaveLength(30);
    expect(total(days.map(({ amount }) => amount))).toBe(statement!.total);
    expect(statement!.total).not.toBe('0');
  });

  it('has no amount where the meter has no price of then', async () => {
    const world = worldOf({ aggregate: 'sum', prices: { AUD: [{ model: 'unit', unit: '1' }] } });
    await world.usage.record(fact('a', '2026-09-02', 15));
    await world.usage.close(REF);
    const other = new UsageWorld({
      store: world.store,
      meters: { sms: { aggregate: 'sum', label: 'SMS', prices: { EUR: [{ model: 'unit', unit: '1' }] } } },
    });
    const [first] = await other.usage.usage(REF, ...SEPTEMBER, 'day');
    expect(first).toMatchObject({ day: '2026-09-01', amount: null });
  });
});

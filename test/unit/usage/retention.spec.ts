import { describe, expect, it } from '@jest/globals';

import type { UsageMeter } from '../../../src/usage/meters/usage-meter.js';
import { UsageWorld } from '../../support/usage/usage-world.js';

const SMS: UsageMeter = { aggregate: 'sum', label: 'SMS', prices: { AUD: [{ model: 'unit', unit: '1' }] } };
const SEATS: UsageMeter = { ...SMS, aggregate: 'timeWeighted' };
const REF = { marketplace: 'one', group: 'cld-kept', meter: 'sms' };

/** A company's September, closed each month until a day. */
async function closedUntil(
  world: UsageWorld,
  until: string,
  leaves: boolean,
): Promise<(readonly string[])[]> {
  await world.usage.record({ ...REF, id: 'a', at: new Date('2026-09-10'), key: 'ann' });
  await world.usage.record({ ...REF, id: 'b', at: new Date('2026-09-12'), key: 'ann' });
  if (leaves) await world.usage.finish(REF);
  const kept: (readonly string[])[] = [];
  for (let month = 9; Date.UTC(2026, month, 10) <= Date.parse(until); month += 1) {
    world.now = Date.UTC(2026, month, 10);
    await world.usage.close();
    kept.push((await world.store.find('1', ['a', 'b'])).map(({ id }) => id));
  }
  return kept;
}

describe('retention of facts', () => {
  it('is acceptFor by default: as long as a retry of theirs would be accepted, and a week', async () => {
    const world = new UsageWorld({ meters: { sms: SMS } });
    const kept = await closedUntil(world, '2027-02-10', false);
    // 1 October and 107 days are 16 January.
    expect(kept).toEqual([['a', 'b'], ['a', 'b'], ['a', 'b'], ['a', 'b'], []]);
    expect((await world.usage.verify(REF)).ok).toBe(true);
  });

  it('is longer where keepFacts says so, and never shorter than acceptFor', async () => {
    const longer = new UsageWorld({ meters: { sms: SMS }, keepFacts: '400d' });
    expect((await closedUntil(longer, '2027-09-10', false)).at(-1)).toEqual(['a', 'b']);
    const shorter = new UsageWorld({ meters: { sms: SMS }, keepFacts: '1d' });
    expect((await closedUntil(shorter, '2027-01-10', false)).at(-1)).toEqual(['a', 'b']);
  });

  it.each([SMS, SEATS])('ends for a company that left, levels included: $aggregate', async (meter) => {
    const world = new UsageWorld({ meters: { sms: meter } });
    const kept = await closedUntil(world, '2027-02-10', true);
    expect(kept.at(-2)).toEqual(['a', 'b']);
    expect(kept.at(-1)).toEqual([]);
    const statements = [];
    for await (const one of world.usage.statements(REF)) statements.push(one);
    expect(statements.length).toBeGreaterThan(0);
    // And is not looked at any more.
    expect(await world.store.due(world.now + 1e12, null, 10)).toEqual([]);
  });
});

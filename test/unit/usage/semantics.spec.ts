import { describe, expect, it, jest } from '@jest/globals';

import type { UsageBilling, UsageContext } from '../../../src/usage/engine/usage-context.js';
import type { UsageMeter } from '../../../src/usage/meters/usage-meter.js';
import { UsageOperations } from '../../../src/usage/usage-operations.js';
import { MaestranoUsageError } from '../../../src/errors/usage.error.js';
import { settledWithin } from '../../../src/utils/settled-within.js';
import { factOf, UsageWorld } from '../../support/usage/usage-world.js';

const SMS: UsageMeter = {
  aggregate: 'sum',
  label: 'SMS',
  prices: { AUD: [{ model: 'unit', unit: '0.5' }], EUR: [{ model: 'unit', unit: '0.4' }] },
};
const REF = { marketplace: 'one', group: 'cld-1', meter: 'sms' };

const worldOf = (meter: Partial<UsageMeter> = {}): UsageWorld =>
  new UsageWorld({ meters: { sms: { ...SMS, ...meter } } });

const fact = (id: string, at: string, quantity?: string | number, key?: string) =>
  factOf(REF, id, at, quantity, key);

describe('a dry run', () => {
  it('says what a close would seal, month by month, and writes and sends nothing', async () => {
    const world = worldOf();
    for (const month of ['2026-09-15', '2026-10-15', '2026-11-15'])
      await world.at(month).usage.record(fact(month, month, 10));
    world.at('2026-12-10');
    const before = await world.store.load('1');
    const { sealed, sent, looked } = await world.usage.close({ dryRun: true });
    expect([looked, sent]).toEqual([1, []]);
    expect(await world.store.load('1')).toEqual(before);
    expect(await world.statements(REF)).toEqual([]);
    const real = await world.usage.close();
    expect(real.sealed).toEqual(sealed);
    expect(sealed.map(({ billed }) => billed)).toEqual(['5', '5', '5']);
    await world.usage.record(fact('late', '2026-09-20', 4));
    const again = await world.usage.close({ ...REF, dryRun: true });
    expect(again.sealed.map(({ seq, billed }) => [seq, billed])).toEqual([[4, '2']]);
    expect((await world.usage.close(REF)).sealed).toEqual(again.sealed);
    expect((await world.usage.close({ ...REF, dryRun: true })).sealed).toEqual([]);
  });
});

describe('balances', () => {
  it('say what is open: used, and in no statement yet', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', 3));
    expect(await world.usage.balances(REF)).toMatchObject([{ carry: '0', unsent: '0', open: '1.5' }]);
    await world.at('2026-10-10').usage.close();
    await world.usage.record(fact('b', '2026-10-09', 7));
    await world.usage.record(fact('late', '2026-09-11', '0.001'));
    expect(await world.usage.balances(REF)).toMatchObject([{ carry: '0', unsent: '0', open: '3.5005' }]);
    await world.at('2026-11-10').usage.close();
    expect(await world.usage.balances(REF)).toMatchObject([{ carry: '0.0005', open: '0' }]);
  });

  it('say nothing of it where nobody knows the company', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', 3));
    world.company = null;
    expect(await world.usage.balances(REF)).toEqual([]);
    world.company = { currency: 'CHF' };
    expect(await world.usage.balances(REF)).toEqual([]);
  });
});

describe('verify', () => {
  it('compares the bills with those of the marketplace', async () => {
    const world = worldOf();
    for (const month of ['2026-09-15', '2026-10-15']) {
      await world.at(month).usage.record(fact(month, month, 10));
    }
    await world.at('2026-11-10').usage.close();
    expect(await world.usage.verify(REF)).toMatchObject({ ok: true });
    const [key, bill] = [...world.marketplace.bills][1]!;
    world.marketplace.bills.set(key, { ...bill, priceCents: 501 });
    expect(await world.usage.verify(REF)).toMatchObject({ ok: false, firstBad: 2 });
    expect(await world.usage.verify(REF, { bills: false })).toMatchObject({ ok: true });
    world.marketplace.bills.set(key, { ...bill, status: 'cancelled' });
    expect(await world.usage.verify(REF)).toMatchObject({ ok: false, firstBad: 2 });
    world.marketplace.bills.delete(key);
    expect(await world.usage.verify(REF)).toMatchObject({
      ok: false,
      firstBad: 2,
      problem: 'The marketplace has no such bill.',
    });
    world.marketplace.bills.set(key, bill);
    await world.usage.reopen({ ...REF, seq: 2 });
    expect(await world.usage.verify(REF)).toMatchObject({ ok: true });
    world.marketplace.failing = () => new TypeError('away');
    await expect(world.usage.verify(REF)).rejects.toThrow('away');
  });
});

describe('another currency', () => {
  it('ends the chain with a final statement, and begins one of its own', async () => {
    const world = worldOf({ minBill: '1.00' });
    world.company = { currency: 'AUD' };
    await world.usage.record(fact('a', '2026-09-10', '1.001'));
    await world.at('2026-09-20').usage.close(REF);
    world.company = { currency: 'EUR' };
    await world.at('2026-10-15').usage.record(fact('b', '2026-10-14', 10));
    await world.usage.close(REF);
    await world.at('2026-11-10').usage.close();
    const all = await world.statements(REF);
    expect(all.map(({ currency, seq, billed, closing }) => [currency, seq, billed, closing])).toEqual([
      ['EUR', 1, '4', '0'],
      // Less than minBill: billed all the same, since no statement follows; the rest of a cent is left out.
      ['AUD', 1, '0.5', '0'],
    ]);
    expect(all[1]!.lines.map(({ kind }) => kind)).toEqual(['usage', 'writeOff']);
  });

  it('tells a credit of the chain that ended', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', 10));
    await world.at('2026-10-10').usage.close();
    world.company = { currency: 'EUR' };
    await world.at('2026-11-10').usage.close();
    await world.at('2026-12-10').usage.close();
    await world.usage.correct({ ...REF, id: 'c', corrects: 'a', quantity: null });
    await world.usage.close(REF);
    expect(world.events).toMatchObject([{ type: 'usage.creditLeft', currency: 'AUD', amount: '-5' }]);
  });
});

describe('a company that leaves', () => {
  it('check 18: asking and sending together take two seconds of the clock, whoever does not respond', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', 10));
    const silent = (): Promise<never> => new Promise(() => undefined);
    const asked = jest.fn(silent);
    const sent = jest.fn(silent);
    const waited = async (context: Partial<UsageContext>): Promise<number> => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
      try {
        const begun = performance.now();
        let over = Number.NaN;
        const finishing = new UsageOperations({ ...world.context, ...context })
          .finish(REF)
          .then(() => void (over = performance.now() - begun));
        await jest.advanceTimersByTimeAsync(2_500);
        await finishing;
        return over;
      } finally {
        jest.useRealTimers();
      }
    };
    const company: UsageContext['company'] = async (_company, { deadlineMs = Infinity }) => {
      void asked();
      await settledWithin(deadlineMs, silent());
      throw new MaestranoUsageError('usage.failed');
    };
    const billing: UsageBilling = { createOnce: sent, find: async () => null, cancel: silent };
    expect(await waited({ company, billing })).toBeLessThanOrEqual(2_000);
    // Sealed before anything was sent, and sent by the next close.
    expect(await world.statements(REF)).toMatchObject([{ status: 'held', held: 'company', billed: '5' }]);
    expect(await waited({ billing })).toBeLessThanOrEqual(2_000);
    expect([asked.mock.calls.length > 0, sent.mock.calls.length > 0]).toEqual([true, true]);
    await world.usage.close();
    expect(world.cents).toEqual([500]);
  });

  it('is sealed although nobody knows it, and billed once somebody does', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', 10));
    world.company = null;
    await world.usage.finish(REF);
    expect(await world.statements(REF)).toMatchObject([
      { status: 'held', held: 'company', currency: 'AUD', billed: '5' },
    ]);
    await world.usage.close();
    world.company = { currency: 'EUR' };
    await world.usage.close();
    expect(world.cents).toEqual([]);
    world.company = { currency: 'AUD' };
    await world.usage.close();
    expect(world.cents).toEqual([500]);
  });

  it('does not keep the webhook from its answer where there is no price in its currency', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', 10));
    world.company = { currency: 'CHF' };
    const { failed } = await world.usage.finish(REF);
    expect(failed.map(({ error }) => error.code)).toEqual(['usage.currency']);
  });

  it('comes back under the same id: a new chain, nothing carried over, nothing charged in between', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', '10.01'));
    await world.usage.finish(REF);
    expect(world.cents).toEqual([501]);
    await expect(world.at('2026-09-20').usage.record(fact('between', '2026-09-18'))).rejects.toMatchObject({
      code: 'usage.left',
    });
    await world.usage.returned(REF);
    await world.usage.returned(REF);
    world.at('2026-09-25');
    expect(await world.usage.record(fact('again', '2026-09-24', 20))).toBe('recorded');
    // Of the time between, and of the time before: known, free, and priced as before.
    await world.usage.record(fact('between', '2026-09-18', 1_000));
    await world.usage.record(fact('late', '2026-09-11', 2));
    await world.at('2026-10-10').usage.close();
    await world.usage.close(REF);
    expect(world.cents.toSorted((one, other) => one - other)).toEqual([100, 501, 1_000]);
    const chains = new Set((await world.statements(REF)).map(({ chain }) => chain));
    expect(chains.size).toBe(2);
    for (const chain of chains) expect((await world.usage.verify({ ...REF, chain })).ok).toBe(true);
    const snapshot = (await world.store.load('1'))!;
    expect(snapshot.periods.map(({ starts }) => starts).slice(1)).toEqual(
      snapshot.periods.map(({ ends }) => ends).slice(0, -1),
    );
    await world.usage.finish(REF);
    expect(snapshot.earliest).toBe(null);
  });

  it('comes back without the seats that it had', async () => {
    const world = worldOf({ aggregate: 'timeWeighted', resolution: 'day' });
    await world.usage.record(fact('a', '2026-09-01', 3, 'ann'));
    await world.usage.finish(REF);
    await world.at('2026-10-01T00:00:00Z').usage.returned(REF);
    await world.usage.record(fact('b', '2026-10-01', 31, 'bo'));
    await world.at('2026-11-10').usage.close();
    const [last] = await world.statements(REF);
    expect(last).toMatchObject({ lines: [{ quantity: '31' }] });
  });
});

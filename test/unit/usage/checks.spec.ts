import { beforeEach, describe, expect, it } from '@jest/globals';

import type { UsageMeter } from '../../../src/usage/meters/usage-meter.js';
import { csvOf } from '../../../src/usage/statement/statement-csv.js';
import type { UsageStatement } from '../../../src/usage/statement/usage-statement.js';
import { MemoryUsageStore } from '../../../src/usage/store/memory-usage-store.js';
import type { KeptFactRow } from '../../../src/usage/store/usage-records.js';
import { UsageOperations } from '../../../src/usage/usage-operations.js';
import { resolveUsageSettings } from '../../../src/usage/usage-settings.js';
import { factOf, refusal, UsageWorld, type UsageWorldOptions } from '../../support/usage/usage-world.js';
import { watchedCalls } from '../../support/usage/watched-calls.js';

const DAY = 86_400_000;
const SMS: UsageMeter = { aggregate: 'sum', label: 'SMS', prices: { AUD: [{ model: 'unit', unit: '0.5' }] } };

let groups = 0;
let ref: { readonly marketplace: string; readonly group: string; readonly meter: string };
beforeEach(() => void (ref = { marketplace: 'one', group: `cld-${(groups += 1)}`, meter: 'sms' }));

function worldOf(meter: Partial<UsageMeter> = {}, options: Partial<UsageWorldOptions> = {}): UsageWorld {
  return new UsageWorld({ meters: { sms: { ...SMS, ...meter } }, ...options });
}

const fact = (id: string, at: string, quantity?: string | number, key?: string) =>
  factOf(ref, id, at, quantity, key);

describe('facts', () => {
  it('check 3: a thousand facts twice, after a restart and after 30 days, make one bill', async () => {
    const world = worldOf();
    const facts = Array.from({ length: 1_000 }, (_, index) => fact(`f${index}`, '2026-09-10T00:00:00Z'));
    const record = async (usage: UsageOperations, some: typeof facts): Promise<Record<string, number>> => {
      const counts: Record<string, number> = {};
      for await (const { result } of usage.recordMany(some)) counts[result] = (counts[result] ?? 0) + 1;
      return counts;
    };
    expect(await record(world.usage, facts)).toEqual({ recorded: 1_000 });
    expect(await record(world.usage, facts.slice(750))).toEqual({ duplicate: 250 });
    const restarted = new UsageOperations(world.contextOn(world.store, world.marketplace));
    expect(await record(restarted, facts.slice(0, 500))).toEqual({ duplicate: 500 });
    world.at('2026-10-15T00:00:00Z');
    await world.usage.close();
    expect(await record(restarted, facts.slice(500, 750))).toEqual({ duplicate: 250 });
    world.at('2026-11-10T00:00:00Z');
    await world.usage.close();
    expect(world.cents).toEqual([50_000]);
    expect((await world.statements(ref)).toReversed()).toMatchObject([
      { facts: { count: 1_000 }, lines: [{ quantity: '1000' }] },
      { facts: { count: 0 }, billed: '0' },
    ]);
  });

  it('check 4: the same id with another quantity is a conflict, and the first one holds', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', 10));
    await expect(world.usage.record(fact('a', '2026-09-10', 11))).rejects.toMatchObject({
      code: 'usage.conflict',
    });
    await world.at('2026-10-10').usage.close();
    expect(world.cents).toEqual([500]);
  });

  it('check 5: 99 days old is a correction, 101 days old is rejected, unless it is known', async () => {
    const world = worldOf({}, { now: '2026-06-01T12:00:00Z' });
    await world.usage.record(fact('known', '2026-06-01', 2));
    await world.at('2026-08-10').usage.close();
    world.at('2026-09-08T00:00:00Z');
    expect(await world.usage.record(fact('99', '2026-06-01T00:00:01Z', 4))).toBe('late');
    world.at('2026-09-10T00:00:00Z');
    expect(await world.usage.record(fact('known', '2026-06-01', 2))).toBe('duplicate');
    await expect(world.usage.record(fact('new', '2026-06-01'))).rejects.toMatchObject({
      code: 'usage.tooLate',
    });
    await world.at('2026-10-10').usage.close();
    const corrections = (await world.statements(ref))
      .toReversed()
      .flatMap(({ lines }) => lines.filter(({ kind }) => kind === 'correction'));
    expect(corrections).toMatchObject([{ amount: '2', lateFacts: 1 }]);
    expect(world.cents).toEqual([100, 200]);
    // Once it is not remembered any more, a retry is rejected, and still never billed.
    await world.at('2026-11-10').usage.close();
    expect(await world.usage.fact(ref, 'known')).toBeNull();
    await expect(world.usage.record(fact('known', '2026-06-01', 2))).rejects.toMatchObject({
      code: 'usage.tooLate',
    });
    await world.at('2026-12-10').usage.close();
    expect(world.cents).toEqual([100, 200]);
  });

  it('rejects what is wrong with its code, and loses none beside it', async () => {
    const world = worldOf({ from: new Date('2026-09-01') });
    const bad = [
      [{ ...fact('1', '2026-09-10'), quantity: 0.5 }, 'usage.quantity'],
      [{ ...fact('2', '2026-09-10'), quantity: '-1' }, 'usage.quantity'],
      [{ ...fact('3', '2026-09-10'), quantity: '0.1234567' }, 'usage.quantity'],
      [{ ...fact('4', '2026-09-10'), quantity: '1000000000000' }, 'usage.quantity'],
      [fact('5', '2026-09-16'), 'usage.future'],
      [fact('6', '2026-08-31'), 'usage.beforeMeter'],
      [{ ...fact('7', '2026-09-10'), meter: 'smss' }, 'usage.unknownMeter'],
      [fact('', '2026-09-10'), 'usage.fact'],
      [fact('8', 'never'), 'usage.fact'],
      [null as never, 'usage.fact'],
    ] as const;
    const facts = bad.flatMap(([one], index) => [one, fact(`good-${index}`, '2026-09-10')]);
    const results = [];
    for await (const one of world.usage.recordMany(facts))
      results.push(one.result === 'refused' ? one.error.code : one.result);
    expect(results).toEqual(bad.flatMap(([, code]) => [code, 'recorded']));
  });
});

describe('closing', () => {
  it('check 10: after five days without the marketplace the statements are those of every other month', async () => {
    const [one, other] = [worldOf(), worldOf()];
    const group = ref;
    for (const world of [one, other]) {
      await world.usage.record(fact('a', '2026-09-10', 3));
      if (world === one) world.marketplace.failing = () => new TypeError('away');
      for (const day of ['2026-10-04T01:00:00Z', '2026-10-05', '2026-10-06']) {
        const { failed } = await world.at(day).usage.close();
        expect(failed.map(({ error }) => error.code)).toEqual(world === one ? ['usage.failed'] : []);
      }
      world.marketplace.failing = null;
      await world.at('2026-10-09').usage.close();
    }
    ref = group;
    const shown = async (world: UsageWorld) =>
      (await world.statements(ref)).toReversed().map(({ lines, billed, closing, digest }) => ({
        lines,
        billed,
        closing,
        digest,
      }));
    expect(await shown(one)).toEqual(await shown(other));
    expect(one.cents).toEqual([150]);
  });

  it('check 7: every answer of a year is lost once, and every statement has one bill', async () => {
    const world = worldOf();
    const create = world.marketplace.createOnce.bind(world.marketplace);
    const seen = new Set<string>();
    world.marketplace.createOnce = async (marketplace, key, bill) => {
      const id = await create(marketplace, key, bill);
      if (seen.has(key)) return id;
      seen.add(key);
      throw new TypeError('The answer is lost.');
    };
    for (let month = 0; month < 12; month += 1) {
      world.now = Date.UTC(2026, 8 + month, 15);
      await world.usage.record({ ...fact(`m${month}`, '2026-09-15'), at: new Date(world.now) });
      world.now += 25 * DAY;
      await world.usage.close();
      await world.usage.close();
    }
    expect((await world.statements(ref)).toReversed().map(({ status }) => status)).toEqual(
      Array.from({ length: 12 }, () => 'billed'),
    );
    expect(world.cents).toEqual(Array.from({ length: 12 }, () => 50));
  });

  it('check 8: a close that stops for ever at any moment at which it waits leaves the same bill to the next one', async () => {
    const moments: string[] = [];
    let total = Infinity;
    for (let stopAt = -1; stopAt < total; stopAt += 1) {
      const world = worldOf();
      await world.usage.record(fact('a', '2026-09-10', 7));
      world.at('2026-10-10');
      let passed = 0;
      let stop = (): void => undefined;
      const stopped = new Promise<void>((resolve) => void (stop = resolve));
      const reached = (moment: string): void | Promise<never> => {
        if (stopAt === -1) moments.push(moment);
        passed += 1;
        if (passed - 1 !== stopAt) return;
        stop();
        return new Promise(() => undefined);
      };
      const store = watchedCalls(world.store, 'store', reached);
      const billing = watchedCalls(world.marketplace, 'marketplace', reached);
      await Promise.race([stopped, new UsageOperations(world.contextOn(store, billing)).close()]);
      if (stopAt === -1) total = moments.length;
      await world.restarted().close();
      await world.restarted().close();
      const statements = await world.statements(ref);
      expect({ at: moments[stopAt], cents: world.cents, statements }).toMatchObject({
        cents: [350],
        statements: [{ seq: 1, status: 'billed' }],
      });
    }
    expect(moments.filter((moment) => moment.includes('store.seal')).length).toBeGreaterThan(1);
    expect(moments).toContain('after marketplace.createOnce');
  });

  it('two closers of 200 companies at once make as many bills as statements', async () => {
    const world = worldOf();
    const many = Array.from({ length: 200 }, (_, index) => ({
      ...fact('a', '2026-09-10'),
      group: `cld-two-${index}`,
    }));
    for await (const { result } of world.usage.recordMany(many)) expect(result).toBe('recorded');
    world.at('2026-10-10');
    const two = new UsageOperations(world.contextOn(world.store, world.marketplace));
    await Promise.all([world.usage.close(), two.close()]);
    expect(world.marketplace.bills.size).toBe(200);
  });

  it.each(['Australia/Lord_Howe', 'America/St_Johns'])(
    'check 11: fourteen months in %s are fourteen periods without a gap, and fourteen bills',
    async (zone) => {
      const world = worldOf();
      world.company = { zone };
      for (let month = 0; month < 14; month += 1) {
        world.now = Date.UTC(2026, 8 + month, 15);
        await world.usage.record({ ...fact(`m${month}`, '2026-09-15'), at: new Date(world.now) });
        await world.usage.close();
      }
      world.now = Date.UTC(2027, 10, 15);
      await world.usage.close();
      const all = (await world.statements(ref)).toReversed();
      expect(all.map(({ period }) => period!.from).slice(1)).toEqual(
        all.map(({ period }) => period!.to).slice(0, -1),
      );
      expect(world.cents).toEqual(Array.from({ length: 14 }, () => 50));
    },
  );

  it('check 13: the 31st comes back after every shorter month', async () => {
    const world = worldOf({ cycle: { every: 'month', day: 31 } }, { now: '2027-01-31T00:00:00Z' });
    await world.usage.record(fact('a', '2027-01-31'));
    world.now = Date.UTC(2029, 1, 10);
    await world.usage.close();
    const starts = (await world.statements(ref)).toReversed().map(({ period }) => period!.localFrom);
    expect(starts).toHaveLength(24);
    expect(starts.slice(0, 4)).toEqual(['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30']);
    expect(starts.slice(12, 16)).toEqual(['2028-01-31', '2028-02-29', '2028-03-31', '2028-04-30']);
    for (const year of ['2027', '2028']) {
      expect(starts.filter((day) => day.startsWith(year))).toHaveLength(12);
    }
    // The last day of each: the next one begins on the 31st.
    const lastDayOf = async (first: string): Promise<string | undefined> =>
      (await world.statements(ref)).find(({ period }) => period!.localFrom === first)?.period!.localTo;
    expect(await lastDayOf('2027-02-28')).toBe('2027-03-30');
    expect(await lastDayOf('2028-02-29')).toBe('2028-03-30');
  });

  it('check 14: a company that moves has no fact twice or none, and no period of some hours', async () => {
    const world = worldOf();
    let recorded = 0;
    for (const [index, zone] of [
      'Australia/Sydney',
      'Europe/London',
      'Pacific/Kiritimati',
      'UTC',
    ].entries()) {
      world.company = { zone };
      for (let day = 1; day <= 28; day += 3) {
        world.now = Date.UTC(2026, 8 + index, day);
        recorded += 1;
        await world.usage.record({ ...fact(`${index}-${day}`, '2026-09-15'), at: new Date(world.now) });
        await world.usage.close();
      }
    }
    world.now = Date.UTC(2027, 2, 1);
    await world.usage.close();
    expect(world.cents.reduce((sum, one) => sum + one, 0)).toBe(recorded * 50);
    const snapshot = (await world.store.load('1'))!;
    expect(Math.min(...snapshot.periods.map(({ starts, ends }) => ends - starts))).toBeGreaterThan(3 * DAY);
  });

  it('check 15: a price that changes at a local midnight, in a tier, and with seats', async () => {
    const midnight = new Date('2026-09-16T14:00:00Z');
    const ladder = (unit: string, then: string) =>
      ({ model: 'graduated', tiers: [{ upTo: '10', unit }, { unit: then }] }) as const;
    const prices = [ladder('1', '0.5'), { ...ladder('2', '0.4'), from: midnight }];
    const world = worldOf({ prices: { AUD: prices } });
    world.company = { zone: 'Australia/Sydney' };
    await world.usage.record(fact('a', '2026-09-10', 6));
    world.at('2026-09-20');
    // The last moment of the 16th and the first of the 17th, in Sydney.
    await world.usage.record(fact('b', '2026-09-16T13:59:59.999Z', 2));
    await world.usage.record(fact('c', '2026-09-16T14:00:00.000Z', 5));
    await world.at('2026-10-10').usage.close();
    const [sms] = await world.statements(ref);
    // 8 at 1.00; then the tiers go on: 2 at 2.00, and 3 at 0.40.
    expect(sms!.lines.map(({ quantity, amount }) => [quantity, amount])).toEqual([
      ['8', '8'],
      ['5', '5.2'],
    ]);
    const seats = worldOf({
      aggregate: 'timeWeighted',
      resolution: 'day',
      prices: {
        AUD: [
          { model: 'unit', unit: '30' },
          { model: 'unit', unit: '60', from: midnight },
        ],
      },
    });
    seats.company = { zone: 'Australia/Sydney' };
    await seats.usage.record(fact('a', '2026-08-31T14:00:00Z', 1, 'ann'));
    await seats.at('2026-10-10').usage.close();
    const [seat] = await seats.statements(ref);
    // 16 of 30 days at 30.00, 14 at 60.00: each part rounded to six places once.
    expect(seat!.lines.map(({ quantity, amount }) => [quantity, amount])).toEqual([
      ['0.533333', '15.99999'],
      ['0.466667', '28.00002'],
    ]);
  });

  it('check 15: a price of the past that was changed stops the start', async () => {
    const store = new MemoryUsageStore();
    const world = worldOf({}, { store });
    await world.usage.record(fact('a', '2026-09-10'));
    await world.at('2026-10-10').usage.close();
    const start = (prices: UsageMeter['prices']): Promise<void> => {
      const other = worldOf({ prices }, { store });
      return (other.usage as unknown as { checkMeters(): Promise<void> }).checkMeters();
    };
    const first = { model: 'unit', unit: '0.5' } as const;
    await start({ AUD: [first] });
    await start({
      AUD: [
        { ...first, unit: '0.50' },
        { model: 'unit', unit: '0.6', from: new Date('2026-12-01') },
      ],
    });
    await expect(start({ AUD: [{ model: 'unit', unit: '0.4' }] })).rejects.toMatchObject({
      code: 'usage.priceChanged',
    });
    const past = { model: 'unit', unit: '0.6', from: new Date('2026-09-10') } as const;
    await expect(start({ AUD: [first, past] })).rejects.toMatchObject({ code: 'usage.priceChanged' });
  });

  it('check 16: a late level of two months ago corrects both months', async () => {
    const world = worldOf({
      aggregate: 'timeWeighted',
      resolution: 'day',
      prices: { AUD: [{ model: 'unit', unit: '31' }] },
    });
    await world.usage.record(fact('a', '2026-09-15T00:00:00Z', 1, 'ann'));
    await world.at('2026-11-04T01:00:00Z').usage.close();
    await world.usage.record(fact('b', '2026-09-21T00:00:00Z', 2, 'ann'));
    await world.usage.close(ref);
    const last = (await world.statements(ref)).toReversed().at(-1)!;
    expect(last.lines.map(({ kind, from, amount }) => [kind, from, amount])).toEqual([
      ['correction', '2026-09-01T00:00:00.000Z', '10.333354'],
      ['correction', '2026-10-01T00:00:00.000Z', '31'],
    ]);
    expect(last.bills[0]!.description).toBe('SMS corrections from September 2026 (statement 3)');
  });

  it('check 17: a correction larger than the next bills is a credit that is used up, and no negative bill', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', 100));
    await world.at('2026-10-10').usage.close();
    await world.usage.correct({ ...ref, id: 'c', corrects: 'a', quantity: '10' });
    const months = ['2026-10-20', '2026-11-20', '2026-12-20', '2027-01-20', '2027-02-20'];
    for (const [index, month] of months.entries()) {
      await world.at(month).usage.record(fact(`m${index}`, month, 20));
      world.now += 16 * DAY;
      await world.usage.close();
    }
    expect(
      (await world.statements(ref)).toReversed().map(({ billed, closing }) => [billed, closing]),
    ).toEqual([
      ['50', '0'],
      ['0', '-35'],
      ['0', '-25'],
      ['0', '-15'],
      ['0', '-5'],
      // The credit is used up exactly: of ten, five are left to be paid.
      ['5', '0'],
    ]);
    expect(world.cents).toEqual([5_000, 500]);
    expect(await world.usage.balances(ref)).toMatchObject([{ carry: '0', unsent: '0' }]);
    expect((await world.usage.verify(ref)).ok).toBe(true);
  });

  it('check 19: a trial that was extended before the close, and a card that comes after 20 days', async () => {
    const world = worldOf();
    world.company = { hasCreditCard: false, freeTrialEndAt: new Date('2026-09-12') };
    await world.usage.record(fact('a', '2026-09-13', 100));
    await world.usage.record(fact('b', '2026-09-15', 10));
    world.company = { hasCreditCard: false, freeTrialEndAt: new Date('2026-09-14') };
    await world.at('2026-10-10').usage.close();
    expect((await world.statements(ref)).toReversed()).toMatchObject([
      { status: 'held', held: 'card', billed: '5' },
    ]);
    await world.at('2026-10-30').usage.close();
    expect(world.cents).toEqual([]);
    world.company = { hasCreditCard: true };
    await world.usage.close();
    expect(world.cents).toEqual([500]);
  });

  it('check 21: a preview is the statement that is made, but for its status', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', 3));
    world.at('2026-10-10');
    const { status, ...preview } = await world.usage.preview(ref);
    expect(status).toBe('open');
    world.marketplace.failing = () => refusal('account.invalidRequest');
    await world.usage.close();
    const [made] = (await world.statements(ref)).toReversed() as [UsageStatement];
    // What became of it on its way, since the marketplace refused it here, belongs to the status.
    expect({ ...made, status: 'open', error: null, fields: {} }).toEqual({ ...preview, status });
  });

  it('check 22: verify names the statement that is missing, or whose facts were changed', async () => {
    const store = new MemoryUsageStore();
    const world = worldOf({}, { store, now: '2026-09-15T00:00:00Z' });
    for (const month of ['2026-09-15', '2026-10-15', '2026-11-15']) {
      await world.at(month).usage.record(fact(month, month, 7));
    }
    await world.at('2026-12-10').usage.close();
    expect(await world.usage.verify(ref)).toMatchObject({ ok: true, firstBad: null });
    const find = store.facts.bind(store);
    store.facts = async (...given) =>
      (await find(...given)).map((row): KeptFactRow =>
        row.id === '2026-10-15' ? { ...row, quantity: 8n } : row,
      );
    expect(await world.usage.verify(ref)).toMatchObject({ ok: false, firstBad: 2 });
    const read = store.statement.bind(store);
    store.statement = async (series, chain, seq) => (seq === 2 ? null : read(series, chain, seq));
    expect(await world.usage.verify(ref)).toMatchObject({ ok: false, firstBad: 2 });
    store.statement = async (series, chain, seq) => {
      const found = await read(series, chain, seq);
      return found && seq === 1 ? { ...found, body: found.body.replace('SMS', 'SMs') } : found;
    };
    expect((await world.usage.verify(ref)).ok).toBe(false);
  });

  it('check 23: the sheet adds up to the bill', async () => {
    const tiers = [
      { upTo: '20', unit: '0.333333' },
      { unit: '0.1', flat: '2' },
    ];
    const world = worldOf({ prices: { AUD: [{ model: 'graduated', tiers, minimum: '1' }] } });
    await world.usage.record(fact('a', '2026-09-10', '57.25'));
    await world.at('2026-10-10').usage.close();
    const [statement] = (await world.statements(ref)).toReversed() as [UsageStatement];
    const rows = csvOf(statement)
      .trim()
      .split('\r\n')
      .map((row) => row.split(','));
    const amount = (kind: string): number => Number(rows.find(([, one]) => one === kind)!.at(-1));
    const lines = rows.slice(1).filter(([, kind]) => !['opening', 'billed', 'closing'].includes(kind!));
    const sum = lines.reduce((total, row) => total + Number(row.at(-1)), 0);
    expect(sum + amount('opening') - amount('billed')).toBeCloseTo(amount('closing'), 9);
    expect(Math.round(amount('billed') * 100)).toBe(statement.bills[0]!.priceCents);
  });

  it('check 24: a loop that records a billion units is held, and goes out when a person approves', async () => {
    const world = worldOf();
    const facts = Array.from({ length: 1_000 }, (_, index) => fact(`f${index}`, '2026-09-10', 1_000_000));
    for await (const { result } of world.usage.recordMany(facts)) expect(result).toBe('recorded');
    await world.at('2026-10-10').usage.close();
    expect(world.marketplace.calls).toBe(0);
    expect((await world.statements(ref)).toReversed()).toMatchObject([{ status: 'held', held: 'large' }]);
    expect(world.cents).toEqual([]);
    await world.usage.approve({ ...ref, seq: 1 });
    // Larger than what a column of 32 bits keeps: equal parts.
    expect(world.marketplace.cents).toBe(50_000_000_000);
    expect(Math.max(...world.cents)).toBeLessThanOrEqual(2_147_483_647);
    expect(world.marketplace.list[1]!.description).toBe(
      'SMS September 2026, 1000000000 units (statement 1, 2 of 24)',
    );
  });

  it('check 25: the newest bill is taken back before the 1st, and not after it', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', 10));
    await world.at('2026-10-10').usage.close();
    await world.usage.reopen({ ...ref, seq: 1 });
    await world.at('2026-11-10').usage.close();
    expect(
      (await world.statements(ref))
        .toReversed()
        .map(({ status, opening, billed }) => [status, opening, billed]),
    ).toEqual([
      ['cancelled', '0', '5'],
      ['billed', '5', '5'],
    ]);
    expect((await world.usage.verify(ref)).ok).toBe(true);
    world.at('2026-12-02');
    await expect(world.usage.reopen({ ...ref, seq: 2 })).rejects.toMatchObject({ code: 'usage.invoiced' });
    expect((await world.statements(ref)).toReversed().at(-1)).toMatchObject({ status: 'billed' });
    world.at('2026-11-30T12:00:00Z');
    await expect(world.usage.reopen({ ...ref, seq: 2 })).rejects.toMatchObject({ code: 'usage.invoiced' });
  });

  it('leaves a refused bill in the books, for retry or writeOff', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', 10));
    world.marketplace.failing = () => refusal('account.invalidRequest');
    await world.at('2026-10-10').usage.close();
    expect(world.events).toMatchObject([{ type: 'usage.refused', amount: '5' }]);
    expect(await world.usage.balances(ref)).toMatchObject([{ unsent: '5', carry: '0' }]);
    world.marketplace.failing = null;
    expect(await world.usage.retry({ ...ref, seq: 1 })).toMatchObject({ status: 'billed' });
    await expect(world.usage.writeOff({ ...ref, seq: 1 }, 'x')).rejects.toMatchObject({
      code: 'usage.status',
    });
  });

  it('moves a credit to another chain, with a statement in both', async () => {
    const meters = { sms: SMS, calls: { ...SMS, label: 'Calls' } };
    const world = new UsageWorld({ meters });
    const calls = { ...ref, meter: 'calls' };
    await world.usage.record(fact('a', '2026-09-10', 10));
    await world.usage.record({ ...fact('b', '2026-09-10', 4), meter: 'calls' });
    await world.at('2026-10-10').usage.close();
    await world.usage.correct({ ...ref, id: 'c', corrects: 'a', quantity: null });
    await world.usage.close(ref);
    await world.usage.transfer(ref, calls, '-5');
    const balances = await world.usage.balances({ group: ref.group });
    expect(balances.map(({ meter, carry }) => [meter, carry])).toEqual([
      ['sms', '0'],
      ['calls', '-5'],
    ]);
    for (const one of [ref, calls]) expect((await world.usage.verify(one)).ok).toBe(true);
  });

  it('keeps usage of a currency without a price, and says so', async () => {
    const world = worldOf();
    world.company = { currency: 'CHF' };
    await world.usage.record(fact('a', '2026-09-10', 10));
    const { failed } = await world.at('2026-10-10').usage.close();
    expect(failed.map(({ error }) => error.code)).toEqual(['usage.currency']);
    world.company = { currency: 'AUD' };
    await world.usage.close();
    expect(world.cents).toEqual([500]);
  });

  it('closes a company that leaves to its last day, and refuses what comes after', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10', 10));
    world.company = { zone: 'Europe/Paris' };
    await world.usage.close(ref);
    await world.usage.record(fact('b', '2026-09-12', '0.009'));
    await world.usage.finish(ref);
    expect(world.cents).toEqual([500]);
    const [statement] = (await world.statements(ref)).toReversed();
    expect(statement).toMatchObject({ closing: '0' });
    expect(statement!.lines.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['usage', '5.0045'],
      ['writeOff', '-0.0045'],
    ]);
    world.now += DAY;
    await expect(
      world.usage.record({ ...fact('c', '2026-09-15'), at: new Date(world.now) }),
    ).rejects.toMatchObject({
      code: 'usage.left',
    });
    await world.usage.record(fact('late', '2026-09-14', 2));
    world.now += 4 * DAY;
    await world.usage.close();
    expect(world.cents).toEqual([500, 100]);
    await world.usage.finish(ref);
    expect(world.cents).toEqual([500, 100]);
  });

  it('sweeps facts of periods that cannot change any more, and keeps the levels that hold', async () => {
    const world = worldOf({ aggregate: 'timeWeighted', prices: { AUD: [{ model: 'unit', unit: '30' }] } });
    await world.usage.record(fact('a', '2026-09-10', 3, 'ann'));
    await world.usage.record(fact('b', '2026-09-12', 1, 'ann'));
    for (let month = 9; month < 18; month += 1) {
      world.now = Date.UTC(2026, month, 10);
      await world.usage.close();
    }
    expect((await world.store.find('1', ['a', 'b'])).map(({ id }) => id)).toEqual(['b']);
    expect(world.cents.slice(1)).toEqual(Array.from({ length: 8 }, () => 3_000));
  });
});

describe('options', () => {
  const settingsOf = (meter: Partial<Record<keyof UsageMeter, unknown>>) =>
    resolveUsageSettings({
      store: new MemoryUsageStore(),
      meters: { sms: { ...SMS, ...meter } as UsageMeter },
    });
  const problemsOf = (meter: Partial<Record<keyof UsageMeter, unknown>>): string => {
    try {
      settingsOf(meter);
    } catch (error) {
      return JSON.stringify((error as { problems?: unknown }).problems);
    }
    return '';
  };

  it('check 20: yen without amountsIn is rejected with both readings written out', () => {
    const problems = problemsOf({ prices: { JPY: [{ model: 'unit', unit: '3' }] } });
    expect(problems).toContain('meters.sms.amountsIn');
    expect(problems).toContain("100000 with 'hundredths'");
    expect(problems).toContain("1000 with 'minor'");
    expect(problemsOf({ prices: { JPY: [{ model: 'unit', unit: '3' }] }, amountsIn: 'minor' })).toBe('');
  });

  it.each(['a\u2028b', '🙂', 'x'.repeat(400), 'ż'])('check 26: the label %j is rejected', (label) => {
    expect(problemsOf({ label })).toContain('meters.sms.label');
  });

  it.each([
    [
      { prices: { AUD: [{ model: 'graduated', tiers: [{ upTo: '5' }, { upTo: '5' }, {}] }] } },
      'tiers[1].upTo',
    ],
    [{ prices: { AUD: [{ model: 'volume', tiers: [{ upTo: '5' }] }] } }, 'tiers[0].upTo'],
    [{ prices: { AUD: [{ model: 'package', size: '0', each: '1' }] } }, 'size'],
    [{ prices: { AUD: [{ model: 'unit', unit: 0.075 }] } }, 'prices.AUD[0].unit'],
    [
      {
        prices: {
          AUD: [
            { model: 'unit', unit: '1' },
            { model: 'unit', unit: '2' },
          ],
        },
      },
      'prices.AUD[1].from',
    ],
    [{ prices: {} }, 'prices'],
    [{ cycle: { every: 'month', day: 32 } }, 'cycle'],
    [{ grace: '3 days' }, 'grace'],
    [{ zone: 'Sydney' }, 'zone'],
    [{ lable: 'x' }, 'lable'],
  ])('%j is rejected', (meter, place) => {
    expect(problemsOf(meter as Partial<UsageMeter>)).toContain(place);
  });
});

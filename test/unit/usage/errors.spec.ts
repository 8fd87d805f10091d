import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import type { BillingService } from '../../../src/account/billing.service.js';
import type { MembershipService } from '../../../src/account/membership.service.js';
import { MaestranoConfigurationError } from '../../../src/errors/configuration.error.js';
import { MaestranoUsageError, USAGE_ERROR_CODES } from '../../../src/errors/usage.error.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import type { UsageMeter } from '../../../src/usage/meters/usage-meter.js';
import { MemoryUsageStore } from '../../../src/usage/store/memory-usage-store.js';
import { MaestranoUsage } from '../../../src/usage/usage.service.js';
import type { MaestranoUsageOptions } from '../../../src/usage/usage-options.interface.js';
import { errorOf } from '../../support/error-of.js';
import { factOf, refusal, UsageWorld, type UsageWorldOptions } from '../../support/usage/usage-world.js';

const DAY = 86_400_000;
const SMS: UsageMeter = { aggregate: 'sum', label: 'SMS', prices: { AUD: [{ model: 'unit', unit: '0.5' }] } };
const REF = { marketplace: 'one', group: 'cld-errors', meter: 'sms' };

function worldOf(meter: Partial<UsageMeter> = {}, options: Partial<UsageWorldOptions> = {}): UsageWorld {
  return new UsageWorld({ meters: { sms: { ...SMS, ...meter } }, ...options });
}

const fact = (id: string, at: string, quantity: string | number = 1) => factOf(REF, id, at, quantity);

/** The service as Nest makes it; nothing here asks a marketplace. */
function serviceOf(options: Partial<MaestranoUsageOptions> = {}): MaestranoUsage {
  const given = { store: new MemoryUsageStore(), schedule: 'off', meters: { sms: SMS }, ...options } as const;
  return new MaestranoUsage(given, {} as BillingService, {} as MembershipService);
}

/** Everything recorded so far is billed once, and there is nothing else. */
async function chargedOnce(world: UsageWorld, cents: readonly number[]): Promise<void> {
  await world.at('2026-10-10').usage.close();
  expect(world.cents).toEqual(cents);
}

describe('a fact that is rejected charges nothing', () => {
  it.each([
    ['usage.future', fact('x', '2026-09-16')],
    ['usage.tooLate', fact('x', '2026-01-01')],
    ['usage.quantity', fact('x', '2026-09-10', -1)],
    ['usage.quantity', fact('x', '2026-09-10', Number.NaN)],
    ['usage.quantity', fact('x', '2026-09-10', 0.5)],
    ['usage.quantity', fact('x', '2026-09-10', '0.0000001')],
    ['usage.unknownMeter', { ...fact('x', '2026-09-10'), meter: 'calls' }],
    ['usage.fact', fact('', '2026-09-10')],
  ] as const)('%s', async (code, bad) => {
    const world = worldOf();
    await world.usage.record(fact('good', '2026-09-10'));
    await expect(world.usage.record(bad)).rejects.toMatchObject({ code });
    await chargedOnce(world, [50]);
  });

  it('usage.beforeMeter', async () => {
    const world = worldOf({ from: new Date('2026-09-10') });
    await world.usage.record(fact('good', '2026-09-10'));
    await expect(world.usage.record(fact('x', '2026-09-09'))).rejects.toMatchObject({
      code: 'usage.beforeMeter',
    });
    await chargedOnce(world, [50]);
  });

  it('usage.conflict: the first value holds', async () => {
    const world = worldOf();
    await world.usage.record(fact('good', '2026-09-10'));
    await expect(world.usage.record(fact('good', '2026-09-10', 9))).rejects.toMatchObject({
      code: 'usage.conflict',
    });
    await chargedOnce(world, [50]);
  });

  it.each(['id', 'corrects'])(
    'usage.fact: a correction without `%s` names it, and changes nothing',
    async (name) => {
      const world = worldOf();
      await world.usage.record(fact('good', '2026-09-10'));
      const correction = { ...REF, id: 'c', corrects: 'good', quantity: null, [name]: undefined as never };
      const message = expect.stringContaining(`\`${name}\` is missing`);
      await expect(world.usage.correct(correction)).rejects.toMatchObject({ code: 'usage.fact', message });
      await chargedOnce(world, [50]);
    },
  );

  it('usage.left', async () => {
    const world = worldOf();
    await world.usage.record(fact('good', '2026-09-10'));
    await world.usage.finish(REF);
    await expect(world.usage.record(fact('x', '2026-09-15'))).rejects.toMatchObject({ code: 'usage.left' });
    await chargedOnce(world, [50]);
  });
});

describe('usage.unknownGroup', () => {
  it('is reported by the close where nobody was asked before, and nothing is lost', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10'));
    world.company = null;
    const { failed } = await world.at('2026-10-10').usage.close();
    expect(failed.map(({ error }) => error.code)).toEqual(['usage.unknownGroup']);
    expect(world.cents).toEqual([]);
    world.company = {};
    await chargedOnce(world, [50]);
  });

  it('rejects a fact where the application says whom it knows; one beside it is taken', async () => {
    const world = worldOf({}, { company: () => null });
    world.knows = (group) => group === REF.group;
    const results = [];
    const other = { ...fact('x', '2026-09-10'), group: 'cld-nobody' };
    for await (const one of world.usage.recordMany([other, fact('good', '2026-09-10'), other])) {
      results.push(one.result === 'refused' ? one.error.code : one.result);
    }
    expect(results).toEqual(['usage.unknownGroup', 'recorded', 'usage.unknownGroup']);
    await chargedOnce(world, [50]);
  });

  it('takes late facts of a company that the application forgot, and of one that it cannot say', async () => {
    const world = worldOf({}, { company: () => null });
    await world.usage.record(fact('good', '2026-09-10'));
    await world.usage.finish(REF);
    // Another process, which remembers nothing.
    const restarted = world.restarted();
    world.company = null;
    expect(await restarted.record(fact('late', '2026-09-11'))).toBe('late');
    world.company = {};
    world.knows = () => {
      throw new MaestranoUsageError('usage.failed');
    };
    expect(await restarted.record({ ...fact('x', '2026-09-11'), group: 'cld-other' })).toBe('recorded');
  });
});

describe('what a close reports charges nothing', () => {
  it('usage.currency: the usage is kept', async () => {
    const world = worldOf();
    world.company = { currency: 'CHF' };
    await world.usage.record(fact('a', '2026-09-10'));
    const { failed } = await world.at('2026-10-10').usage.close();
    expect(failed.map(({ error }) => error.code)).toEqual(['usage.currency']);
    expect(world.cents).toEqual([]);
    world.company = { currency: 'AUD' };
    await chargedOnce(world, [50]);
  });

  it('usage.refused: with the fields that the marketplace names, at the close and at every wrong operation', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10'));
    world.marketplace.failing = () => refusal('account.invalidRequest');
    const { sent } = await world.at('2026-10-10').usage.close();
    const refused = { code: 'usage.refused', fields: { group_id: ['cannot be charged'] } };
    expect(sent).toMatchObject([
      { status: 'refused', error: { ...refused, cause: { code: 'account.invalidRequest' } } },
    ]);
    await expect(world.usage.approve({ ...REF, seq: 1 })).rejects.toMatchObject(refused);
    await expect(world.usage.reopen({ ...REF, seq: 1 })).rejects.toMatchObject(refused);
    expect(await world.usage.statement({ ...REF, seq: 1 })).toMatchObject({
      status: 'refused',
      fields: refused.fields,
    });
    expect(world.cents).toEqual([]);
  });

  it('usage.held: a statement that waits is neither sent again nor taken back', async () => {
    const world = worldOf({ maxBill: '0.10' });
    await world.usage.record(fact('a', '2026-09-10'));
    await world.at('2026-10-10').usage.close();
    for (const work of ['retry', 'reopen'] as const) {
      await expect(world.usage[work]({ ...REF, seq: 1 })).rejects.toMatchObject({ code: 'usage.held' });
    }
    expect(world.cents).toEqual([]);
    await world.usage.approve({ ...REF, seq: 1 });
    expect(world.cents).toEqual([50]);
  });

  it('usage.stale: what was sealed more than 400 days ago is not sent by itself', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10'));
    world.marketplace.failing = () => refusal('account.invalidRequest');
    await world.at('2026-10-10').usage.close();
    await world.store.mark('1', {
      chain: (await world.store.load('1'))!.series.state.chains[0]!.id,
      seq: 1,
      from: ['refused'],
      to: 'sealed',
      progress: {
        ...(await world.store.statements('1', { limit: 1 }))[0]!.progress,
        error: null,
        fields: {},
      },
    });
    world.marketplace.failing = null;
    world.now += 401 * DAY;
    const { sent } = await world.usage.close();
    expect(sent).toMatchObject([{ status: 'sealed', error: { code: 'usage.stale' } }]);
    await world.usage.close();
    expect(world.cents).toEqual([]);
    expect(world.events.filter(({ type }) => type === 'usage.stale')).toHaveLength(1);
    await world.usage.retry({ ...REF, seq: 1 });
    expect(world.cents).toEqual([50]);
  });

  it('usage.invoiced and usage.status: a bill that is invoiced stays, and so does one that is none yet', async () => {
    const world = worldOf();
    await world.usage.record(fact('a', '2026-09-10'));
    await world.at('2026-10-10').usage.close();
    world.at('2026-11-02');
    await expect(world.usage.reopen({ ...REF, seq: 1 })).rejects.toMatchObject({ code: 'usage.invoiced' });
    await expect(world.usage.approve({ ...REF, seq: 1 })).rejects.toMatchObject({ code: 'usage.status' });
    await expect(world.usage.statement({ ...REF, seq: 9 })).rejects.toMatchObject({
      code: 'usage.unknownStatement',
    });
    expect(world.cents).toEqual([50]);
  });
});

describe('at the start', () => {
  const environment = process.env.NODE_ENV;
  afterEach(() => {
    process.env.NODE_ENV = environment;
    jest.restoreAllMocks();
  });

  it('usage.storeVolatile: memory in production, unless that is accepted', async () => {
    process.env.NODE_ENV = 'production';
    await expect(serviceOf().onModuleInit()).rejects.toMatchObject({ code: 'usage.storeVolatile' });
    await serviceOf({ acceptDataLoss: true }).onModuleInit();
    process.env.NODE_ENV = 'test';
    await serviceOf().onModuleInit();
  });

  it('Redis, and every other store of the module, is none of usage', async () => {
    const store = new MemoryStore() as never;
    const error = await errorOf(() => serviceOf({ store }), MaestranoConfigurationError);
    expect(error.code).toBe('configuration.options');
    expect(JSON.stringify(error.problems)).toContain('UsageStore');
  });

  it('usage.grace: a warning while periods are open that wait otherwise, whose own grace holds', async () => {
    const warned: string[] = [];
    jest
      .spyOn(Logger.prototype, 'warn')
      .mockImplementation((line: unknown) => void warned.push(String(line)));
    const world = worldOf({ grace: '3d' });
    await world.usage.record(fact('a', '2026-09-10'));
    await world.usage.close(REF);
    await serviceOf({ store: world.store, meters: { sms: { ...SMS, grace: '3d' } } }).onModuleInit();
    expect(warned).toEqual([]);
    const meters = { sms: { ...SMS, grace: '12h' } };
    await serviceOf({ store: world.store, meters }).onModuleInit();
    expect(warned).toEqual([expect.stringMatching(/^usage\.grace: .*"sms" waits 12 h, open periods 72 h\./)]);
    const other = new UsageWorld({ store: world.store, meters });
    await other.at('2026-10-02').usage.close();
    expect(other.cents).toEqual([]);
    await other.at('2026-10-04T00:00:01Z').usage.close();
    expect(other.cents).toEqual([50]);
  });

  it('usage.priceChanged: check 15 has it; usage.minorUnits and usage.tiers are problems of the options, all at once', async () => {
    const prices = {
      JPY: [{ model: 'unit', unit: '3' }],
      AUD: [
        {
          model: 'graduated',
          tiers: [
            { upTo: '5', unit: '1' },
            { upTo: '4', unit: '1' },
          ],
        },
      ],
      EUR: [{ model: 'package', size: '0', each: '1' }],
    } as const;
    const error = await errorOf(
      () => serviceOf({ meters: { sms: { ...SMS, prices } } }),
      MaestranoConfigurationError,
    );
    const said = JSON.stringify(error.problems);
    for (const place of ['amountsIn', 'tiers[1].upTo', 'size']) expect(said).toContain(place);
  });
});

it('every code has its meaning', () => {
  for (const { meaning } of Object.values(USAGE_ERROR_CODES)) expect(meaning.length).toBeGreaterThan(10);
});

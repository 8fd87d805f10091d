import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import type { BillInput } from '../../../src/account/resources/bill.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { type AccountClients, accountClients } from '../../support/account/account-clients.js';
import { AlteringMarketplace } from '../../support/account/altering-marketplace.js';
import { StallingStore } from '../../support/account/stalling-store.js';
import { fakeDate } from '../../support/fake-date.js';
import { registeredMarketplace } from '../../support/marketplaces.js';
import { stormSize } from '../../support/sizes.js';

const BILL: BillInput = { groupId: 'cld-1', priceCents: 2000, description: 'SMS credits' };

const HOUR = 3_600_000;
/** The shortest and the longest, either way; the others as well under `npm run storm`. */
const STEPS = [45_000, -45_000, 25 * HOUR, -25 * HOUR, 60_000, -60_000, HOUR, -HOUR].slice(
  0,
  stormSize(4, 8),
);

let marketplace: AlteringMarketplace;
let store: StallingStore;
const open: AccountClients[] = [];

beforeEach(async () => {
  marketplace = await new AlteringMarketplace().start();
  store = new StallingStore(new MemoryStore());
});

afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  await Promise.all(open.splice(0).map((clients) => clients.close()));
  await marketplace.stop();
});

function application(settleMs: number, deadlineMs: number): AccountClients {
  const clients = accountClients({
    marketplaces: [registeredMarketplace('acme', { api: { host: marketplace.url } })],
    store,
    http: { timeoutMs: 200 },
    account: { createOnce: { settleMs, deadlineMs } },
  });
  open.push(clients);
  return clients;
}

const silence = () => jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(STEPS)("a system's clock that is set by %d ms", (step) => {
  let warn: ReturnType<typeof silence>;
  beforeEach(() => {
    warn = silence();
    fakeDate();
  });

  it('while a charge is unclear lets one bill be made, and is noticed', async () => {
    marketplace.fates = ['late'];
    marketplace.lateMs = 700;
    const running = application(1_500, 8_000).billing.bills.createOnce('k', BILL);
    await pause(400);
    jest.setSystemTime(Date.now() + step);
    expect((await running).id).toBe('bill-1');
    expect(marketplace.creations).toBe(1);
    expect(warn).toHaveBeenLastCalledWith(expect.stringMatching(/clock moved by -?\d+ s/));
  });

  it('between two calls, on one instance or two, lets one bill be made', async () => {
    marketplace.fates = ['late'];
    marketplace.lateMs = 900;
    const first = application(1_500, 500);
    await expect(first.billing.bills.createOnce('k', BILL)).rejects.toMatchObject({
      code: 'account.undecided',
    });
    jest.setSystemTime(Date.now() + step);
    const instances = [first, application(1_500, 8_000)];
    const made = await Promise.all(
      instances.map(({ billing }) => billing.bills.createOnce('k', BILL, { deadlineMs: 8_000 })),
    );
    expect(made.map(({ id }) => id)).toEqual(['bill-1', 'bill-1']);
    expect(marketplace.creations).toBe(1);
  });
});

describe('a call that waits for its turn when the clock is set back', () => {
  it('is not sent after it was given up', async () => {
    fakeDate();
    const clients = accountClients({
      marketplaces: [registeredMarketplace('acme', { api: { host: marketplace.url } })],
      http: { timeoutMs: 1_000, maxConcurrent: 1, breaker: false },
    });
    open.push(clients);
    marketplace.fates = ['hang'];
    const blocking = clients.billing.bills.create(BILL).catch(() => null);
    await pause(100);
    const waiting = clients.billing.bills.create(BILL, { deadlineMs: 200 });
    jest.setSystemTime(Date.now() - HOUR);
    await expect(waiting).rejects.toMatchObject({ code: 'http.deadline', sent: 'no' });
    await blocking;
    await pause(200);
    expect(marketplace.creations).toBe(1);
  });
});

describe('a store that stalls', () => {
  it('right before the charge is sent keeps it from being sent after the deadline', async () => {
    let writes = 0;
    store.stall = ({ namespace, verb }) =>
      namespace === 'ledger-charges' && verb === 'write' && (writes += 1) === 2 ? { beforeMs: 2_100 } : {};
    const { bills } = application(200, 2_000).billing;
    // Not even begun: a millisecond may be enough for a request to arrive.
    const tooLate = { code: 'http.deadline', sent: 'no', attempts: 0 };
    await expect(bills.createOnce('k', BILL)).rejects.toMatchObject(tooLate);
    expect(marketplace.creations).toBe(0);
    store.stall = () => ({});
    expect((await bills.createOnce('k', BILL)).id).toBe('bill-1');
  });

  it('longer than the lock lets another instance make the charge, and makes none itself', async () => {
    store.longestLockMs = 100;
    let writes = 0;
    store.stall = ({ namespace, verb }) =>
      namespace === 'ledger-charges' && verb === 'write' && (writes += 1) === 2 ? { beforeMs: 800 } : {};
    const [slow, quick] = [application(200, 5_000), application(200, 5_000)];
    const first = slow.billing.bills.createOnce('k', BILL);
    await pause(300);
    expect((await quick.billing.bills.createOnce('k', BILL)).id).toBe('bill-1');
    expect((await first).id).toBe('bill-1');
    expect(marketplace.creations).toBe(1);
  });

  it('while its process dies lets nobody send before what was sent can have arrived', async () => {
    const kept = new MemoryStore();
    store = new StallingStore(kept);
    store.longestLockMs = 100;
    let writes = 0;
    store.stall = ({ namespace, verb }) =>
      namespace === 'ledger-charges' && verb === 'write' && (writes += 1) > 2 ? { beforeMs: 2_500 } : {};
    marketplace.fates = ['late'];
    marketplace.lateMs = 800;
    const dying = application(600, 1_500)
      .billing.bills.createOnce('k', BILL)
      .catch(() => null);
    await pause(400);
    store = new StallingStore(kept);
    const { bills } = application(600, 8_000).billing;
    expect((await bills.createOnce('k', BILL)).id).toBe('bill-1');
    await dying;
    expect(marketplace.creations).toBe(1);
  });

  it('with the removal of a rejected key does not remove what was made of it meanwhile', async () => {
    store.longestLockMs = 100;
    let isStalled = false;
    store.stall = ({ namespace, verb, number }) => {
      if (namespace !== 'ledger-key' || verb !== 'write' || number < 8 || isStalled) return {};
      isStalled = true;
      return { beforeMs: 2_000 };
    };
    marketplace.fates = ['reject'];
    const { bills } = application(200, 5_000).billing;
    const rejected = bills.createOnce('k', BILL).catch(() => null);
    await pause(700);
    expect(isStalled).toBe(true);
    const made = await bills.createOnce('k', BILL);
    await rejected;
    expect((await bills.createOnce('k', BILL)).id).toBe(made.id);
    expect(marketplace.kept).toHaveLength(1);
  });
});

describe('a store that fails', () => {
  it.each(['before', 'after'] as const)('%s each of its steps says how far the charge got', async (fails) => {
    for (let failing = 1; ; failing += 1) {
      const sentBefore = marketplace.creations;
      const key = `${fails}-${failing}`;
      const description = `Credits ${key}`;
      const { bills } = application(0, 5_000).billing;
      store.steps = 0;
      // The lock of a step that failed is left behind; it ends by itself.
      store.longestLockMs = 200;
      store.stall = ({ number }) => (number === failing ? { fails } : {});
      const error: unknown = await bills.createOnce(key, { ...BILL, description }).then(
        () => null,
        (reason: unknown) => reason,
      );
      const reached = store.steps >= failing;
      store.stall = () => ({});
      if (error !== null) {
        expect(error).toMatchObject({ code: 'store.unavailable', httpStatus: 503, marketplace: 'acme' });
        expect(error).toMatchObject({ sent: marketplace.creations > sentBefore ? 'yes' : 'no' });
        expect(error).toMatchObject({ cause: { message: expect.stringMatching(/OOM|max retries/) } });
      }
      // Where only the store knows that nothing was sent, the next call waits as long as a request may be under way.
      await bills.createOnce(key, { ...BILL, description }).catch(async (reason: unknown) => {
        expect(reason).toMatchObject({ code: 'account.undecided' });
        await bills.createOnce(key, { ...BILL, description });
      });
      expect(marketplace.kept).toHaveLength(failing);
      if (!reached) return;
    }
  });
});

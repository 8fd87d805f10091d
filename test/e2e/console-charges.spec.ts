import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { BillingService } from '../../src/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { consoleModule, Operator, type SeenPage } from '../support/console.js';

/** How long something may still arrive: longer than the looks before that take. */
const SETTLE_MS = 5_000;

describe('a charge that was never made, in the console', () => {
  let sandbox: Sandbox;
  let app: TestApplication;
  let operator: Operator;

  beforeAll(async () => {
    sandbox = await startSandbox();
    app = await testApplication({
      sandbox,
      options: {
        developerPlatform: sandbox.developerPlatform,
        account: { createOnce: { deadlineMs: 3_000, settleMs: SETTLE_MS } },
        http: { backoffMs: 10, breaker: false },
      },
      imports: [consoleModule()],
    });
    operator = new Operator(`${app.base}/maestrano/console`);
  });
  afterAll(async () => {
    await app?.close();
    await sandbox?.close();
  });

  it('is settled so only once nothing can arrive any more, and is made by the next call', async () => {
    const { name: marketplace } = sandbox.marketplaces.list()[0]!;
    const { bills } = app.app.get(BillingService, { strict: false }).for(marketplace);
    const bill = { groupId: 'cld-1', priceCents: 44_400, description: 'Seats', currency: 'AUD' };
    const made = async (): Promise<number> =>
      (await bills.list({ groupId: 'cld-1' })).filter(({ priceCents }) => priceCents === bill.priceCents)
        .length;
    sandbox.faults.next('POST account/bills', { reset: true });
    await expect(bills.createOnce('seats/1', bill, { deadlineMs: 1_500 })).rejects.toMatchObject({
      code: 'account.undecided',
    });

    const charge = { marketplace, resource: 'bills', key: 'seats/1' };
    const address = (page: string): string => `/charges/${page}?${new URLSearchParams(charge).toString()}`;
    const early = await operator.open(address('undecided'));
    expect(early.words).toMatch(/None of them Arrival may still arrive, for [1-5] s/);
    expect(early.words).not.toContain('Nothing was charged…');
    expect((await operator.open(address('confirm'))).status).toBe(409);
    const csrf = (await operator.open('/sign-ins')).form('Look for this person').fields.get('csrf') ?? '';
    const forced = new URLSearchParams({ ...charge, charge: '', csrf });
    const refused = await operator.post(`${operator.base}/charges/settle`, forced);
    expect([refused.status, refused.words]).toEqual([409, expect.stringContaining('may still arrive')]);

    const settled = await once(operator, address('undecided'), 'nothing can arrive any more');
    const confirm = await operator.follow(settled, 'Nothing was charged…');
    expect(confirm.words).toContain('If one was made after all, the customer pays twice.');
    const done = await operator.press(confirm, 'Settle as not charged');
    expect(done.words).toContain('Settled: nothing was made for seats/1.');
    expect((await operator.open('/audit')).words).toContain('Settled a charge as never made');
    expect(await made()).toBe(0);
    await bills.createOnce('seats/1', bill);
    await bills.createOnce('seats/1', bill);
    expect(await made()).toBe(1);
  }, 60_000);
});

/** The page once it says so. */
async function once(operator: Operator, path: string, words: string): Promise<SeenPage> {
  for (let tries = 0; ; tries += 1) {
    const page = await operator.open(path);
    if (page.words.includes(words)) return page;
    if (tries >= 80) throw new Error(`The page never said “${words}”: ${page.words}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

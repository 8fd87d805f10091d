import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { BillingService } from '../../src/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { MaestranoSync } from '../../src/sync/index.js';
import { MaestranoUsage } from '../../src/usage/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { consoleModule, Operator, type SeenPage } from '../support/console.js';
import { syncedContacts } from '../support/console-sync.js';
import { LAST_PERIOD, usageModule } from '../support/console-usage.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

const DAY = 86_400_000;

// What the other suites of the console do not press: a person's decisions that are rare.
describe.each(HTTP_ADAPTERS)('rare decisions in the console on %s', (httpAdapter) => {
  const { contacts, module } = syncedContacts();
  let sandbox: Sandbox;
  let app: TestApplication;
  let operator: Operator;
  let sync: MaestranoSync;
  let usage: MaestranoUsage;
  let marketplace: string;

  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, seed: 7 });
    marketplace = sandbox.marketplaces.list()[0]!.name;
    app = await testApplication({
      httpAdapter,
      sandbox,
      options: { http: { backoffMs: 10, breaker: false } },
      imports: [consoleModule(), usageModule(), module],
    });
    operator = new Operator(`${app.base}/maestrano/console`);
    sync = app.app.get(MaestranoSync);
    usage = app.app.get(MaestranoUsage);
  });
  afterAll(async () => {
    await app?.close();
    await sandbox?.close();
  });

  /** Who may not is refused, as is a form from elsewhere; neither changes anything. */
  const refusesOthers = async (page: SeenPage, button: string): Promise<void> => {
    const { action, fields } = page.form(button);
    expect((await operator.post(action, fields, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    const viewer = operator.as('Sam Whitlock=view');
    expect((await viewer.open(page.url)).words).toMatch(/needs the role (?:replay|money)/);
    const token = (await viewer.open('/sign-ins')).form('Look for this person').fields.get('csrf') ?? '';
    fields.set('csrf', token);
    expect((await viewer.post(action, fields)).status).toBe(403);
  };

  describe('about synchronized records', () => {
    const group = (): { readonly marketplace: string; readonly groupUid: string } => ({
      marketplace,
      groupUid: 'cld-1',
    });
    const shelf = () => ({ group: 'cld-1', marketplace });
    const people = (): readonly Record<string, unknown>[] => sandbox.connec.list('people', shelf());
    const idOf = (firstName: string): string =>
      String(people().find((one) => one.first_name === firstName)?.id);
    const query = (more: Readonly<Record<string, string>> = {}): string =>
      new URLSearchParams({ marketplace, group: 'cld-1', ...more }).toString();

    /** Two people, of whom somebody at the marketplace merges the second into the first. */
    const mergedPeople = async (winner: string, loser: string): Promise<SeenPage> => {
      const [, second] = [winner, loser].map((firstName) =>
        contacts.add({ firstName, email: `${firstName.toLowerCase()}@harbour.example` }),
      );
      await sync.idle();
      await sync.run(group());
      sandbox.connec.merge('people', idOf(winner), [idOf(loser)], shelf());
      contacts.edit(second!.id, { lastName: 'Edited meanwhile' });
      await sync.run(group(), { full: true });
      const [held] = await sync.held(group(), 'people', 'merged');
      const company = await operator.open(`/synchronization/company?${query()}`);
      expect(company.words).toContain('Merged');
      return operator.open(`/synchronization/record?${query({ entity: 'people', key: held!.key })}`);
    };

    it('keeps the survivor of a merge', async () => {
      const page = await mergedPeople('Amara', 'Amarah');
      expect(page.title).toBe('This record of people was merged at the marketplace');
      await refusesOthers(page, 'Keep the survivor');
      expect(await sync.held(group(), 'people', 'merged')).toHaveLength(1);
      const done = await operator.press(page, 'Keep the survivor');
      expect(done.words).toContain('The survivor stays, this tie ends.');
      await sync.idle();
      expect(await sync.held(group(), 'people', 'merged')).toEqual([]);
      expect(people().filter((one) => String(one.first_name).startsWith('Amara'))).toHaveLength(1);
    });

    it('makes a record of its own again of one that was merged away', async () => {
      const page = await mergedPeople('Bastien', 'Bastienne');
      const done = await operator.press(page, 'Make a record of its own again');
      expect(done.words).toContain('The marketplace gets a record of its own again.');
      await sync.idle();
      await sync.run(group());
      expect(people().find((one) => one.first_name === 'Bastienne')).toMatchObject({
        last_name: 'Edited meanwhile',
      });
      // The same form once more: the record is another by now.
      expect((await operator.press(page, 'Keep the survivor')).status).toBe(409);
    });

    it('goes on after a side was restored, as somebody says', async () => {
      const row = contacts.add({ firstName: 'Celestine', email: 'celestine@harbour.example' });
      await sync.run(group());
      contacts.edit(row.id, { firstName: 'Celestine Newer' });
      await sync.run(group());
      contacts.rows.set(row.id, row);
      await sync.run(group(), { full: true });

      const overview = await fresh(operator, 'Synchronization stopped');
      const company = await operator.follow(overview, 'Look at it');
      expect(company.words).toContain('it was restored from a backup');
      await refusesOthers(company, 'The other side is right');
      expect(contacts.rows.get(row.id)?.firstName).toBe('Celestine');
      const done = await operator.press(company, 'The other side is right');
      expect(done.words).toContain('Decided: a run follows at once.');
      await sync.idle();
      expect(contacts.rows.get(row.id)?.firstName).toBe('Celestine Newer');
      const { entities } = await sync.status(group());
      expect(entities.map(({ stopped }) => stopped)).toEqual([null]);
    });
  });

  describe('about statements of usage', () => {
    const address = (group: string, page: string, more: Readonly<Record<string, string>> = {}): string =>
      `/usage/${page}?${new URLSearchParams({ marketplace, group, meter: 'sms', ...more }).toString()}`;
    const bills = async (groupId: string) =>
      (await app.app.get(BillingService, { strict: false }).for(marketplace).bills.list({ groupId })).filter(
        ({ priceCents }) => priceCents === 150,
      );

    it('sends one again that the marketplace refused, and it is billed once', async () => {
      const ref = { marketplace, group: 'cld-2', meter: 'sms' };
      await usage.record({ ...ref, id: 'a', at: LAST_PERIOD, quantity: 20 });
      sandbox.faults.next('POST account/bills', {
        status: 422,
        body: { success: false, data: {}, errors: { group_id: ['is closed'] } },
      });
      await usage.close(ref);
      expect((await usage.statement({ ...ref, seq: 1 })).status).toBe('refused');

      const overview = await fresh(operator, 'Usage not billed');
      const statement = await operator.follow(overview, 'Decide about it');
      const confirm = await operator.follow(statement, 'Send it again…');
      await refusesOthers(confirm, 'Send it again');
      const done = await operator.press(confirm, 'Send it again');
      expect(done.words).toContain('Billed: 1.50 AUD as bill-');
      expect(await bills('cld-2')).toHaveLength(1);
      expect((await operator.press(confirm, 'Send it again')).status).toBe(409);
      expect(await bills('cld-2')).toHaveLength(1);
    });

    it('takes a bill back, or says that it may be on an invoice', async () => {
      const ref = { marketplace, group: 'cld-1', meter: 'sms' };
      await usage.record({ ...ref, id: 'a', at: LAST_PERIOD, quantity: 20 });
      await usage.close(ref);
      const statement = await operator.open(address('cld-1', 'statement', { seq: '1' }));
      const confirm = await operator.follow(statement, 'Take the bill back…');
      await refusesOthers(confirm, 'Take the bill back');
      const now = new Date();
      const untilInvoices = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) - now.getTime();
      const done = await operator.press(confirm, 'Take the bill back');
      if (untilInvoices < DAY) {
        expect(done.words).toContain('Invoices are made within a day');
        expect(await usage.statement({ ...ref, seq: 1 })).toMatchObject({ status: 'billed' });
        return;
      }
      expect(done.words).toContain('Taken back: 1.50 AUD are in the opening of the next statement.');
      expect(await usage.statement({ ...ref, seq: 1 })).toMatchObject({ status: 'cancelled' });
      expect((await bills('cld-1')).map(({ status }) => status)).toEqual(['cancelled']);
      const log = await operator.open('/audit?q=bill');
      expect(log.words).toContain('Took a bill back');
    });
  });
});

/** The overview once it says so: what needs somebody is asked for anew every five seconds. */
async function fresh(operator: Operator, words: string): Promise<SeenPage> {
  for (let tries = 0; ; tries += 1) {
    const page = await operator.open();
    if (page.words.includes(words)) return page;
    if (tries >= 80) throw new Error(`The overview never said “${words}”: ${page.words}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

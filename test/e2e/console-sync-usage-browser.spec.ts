import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';

import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { MaestranoSync } from '../../src/sync/index.js';
import { MaestranoUsage } from '../../src/usage/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { consoleModule } from '../support/console.js';
import { syncedContacts } from '../support/console-sync.js';
import { LAST_PERIOD, usageModule } from '../support/console-usage.js';
import { OnCall } from '../support/on-call.js';
import { darkPhoneFindings } from './sandbox-pages-browser.js';

const WORD = 'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesel';
const HEADERS = { 'x-staff': 'Ines Okafor=view,replay,money' };

(chromiumPresent ? describe : describe.skip)('synchronization and usage in the console, in a browser', () => {
  let browser: Browser;
  let sandbox: Sandbox;
  let app: TestApplication;
  let onCall: OnCall;
  let contacts: ReturnType<typeof syncedContacts>['contacts'];
  let sync: MaestranoSync;
  let usage: MaestranoUsage;
  let group: { readonly marketplace: string; readonly groupUid: string };
  let base: string;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  beforeEach(async () => {
    sandbox = await startSandbox({ port: 0, seed: 7 });
    const synced = syncedContacts();
    ({ contacts } = synced);
    app = await testApplication({
      sandbox,
      options: { http: { backoffMs: 10 } },
      imports: [
        consoleModule(),
        usageModule(() => ({
          name: `Radhaus Köln <Werkstatt> ${WORD}`,
          zone: 'Europe/Paris',
          currency: 'AUD',
        })),
        synced.module,
      ],
    });
    base = `${app.url}/maestrano/console`;
    sync = app.app.get(MaestranoSync);
    usage = app.app.get(MaestranoUsage);
    group = { marketplace: sandbox.marketplaces.list()[0]!.name, groupUid: 'cld-1' };
    onCall = new OnCall(
      await browser.newPage({ extraHTTPHeaders: HEADERS, viewport: { width: 1280, height: 900 } }),
    );
  });
  afterEach(async () => {
    // Where a drill ends is read on a telephone at night as well.
    const look = await darkPhoneFindings(onCall.page);
    await onCall.page.close();
    await app.close();
    await sandbox.close();
    expect(look).toEqual({ wider: 0, found: [] });
  });
  afterAll(() => browser?.close());

  const shelf = () => ({ group: 'cld-1', marketplace: group.marketplace });
  const people = (): readonly Record<string, unknown>[] => sandbox.connec.list('people', shelf());
  const write = (record: Record<string, unknown>): void =>
    void sandbox.connec.write('people', record, shelf());

  /** Both sides changed the telephone of one person. */
  async function conflict(): Promise<void> {
    const mia = contacts.add({ firstName: 'Zoltana', lastName: `Tran ${WORD}`, phone: '02 9981 4400' });
    await sync.run(group);
    const remote = people().find((one) => one.first_name === 'Zoltana')!;
    contacts.edit(mia.id, { phone: '02 9981 4455' });
    write({ id: remote.id, phone: { mobile: '0412 555 010' } });
    await sync.run(group);
  }

  /** A statement that is held, of a use that an import recorded ten times too large. */
  async function heldStatement(): Promise<void> {
    const ref = { marketplace: group.marketplace, group: 'cld-1', meter: 'sms' };
    await usage.record({ ...ref, id: 'import-7', at: LAST_PERIOD, quantity: 400 });
    await usage.record({ ...ref, id: 'message-8', at: LAST_PERIOD, quantity: 2 });
    await usage.close(ref);
  }

  it('drill, a sync conflict: found, seen and decided', async () => {
    await conflict();
    await onCall.begin(base, '1 record of cld-1 waits for a decision');
    await onCall.follow('Look at it');
    await onCall.follow('people');
    await onCall.sees('Which phone.mobile is right?', 'The application', 'The marketplace');
    await onCall.press('Show values');
    await onCall.sees('02 9981 4455', '0412 555 010');
    await onCall.press('Take this: phone.mobile');
    await onCall.sees('Decided: what the application has holds');
    await sync.idle();
    expect(people().find((one) => one.first_name === 'Zoltana')).toMatchObject({
      phone: { mobile: '02 9981 4455' },
    });
  });

  it('drill, an ambiguous match: found, compared and said', async () => {
    write({ first_name: 'Ida', email: { address: 'two@team.example' } });
    for (const firstName of ['Jan', 'Kim']) contacts.add({ firstName, email: 'two@team.example' });
    await sync.run(group);
    await onCall.begin(base, '3 records of cld-1 wait for a decision');
    await onCall.follow('Look at it');
    await onCall.follow('people');
    await onCall.sees('Which of these people is the same?', 'None of them');
    await onCall.press('It is this one');
    await onCall.sees('are one record from now on');
    await sync.idle();
    expect((await sync.held(group, 'people', 'ambiguous')).length).toBeLessThan(3);
  });

  it('drill, a usage correction: found in the statement, corrected, and the statement goes out', async () => {
    await heldStatement();
    await onCall.begin(base, 'Statement held');
    await onCall.follow('Decide about it');
    await onCall.sees('402 × 0.075 = 30.15', 'import-7', 'It is more than goes out');
    await onCall.follow('import-7');
    await onCall.page.getByLabel('Quantity that is right').fill('40');
    await onCall.press('Show what would change');
    await onCall.sees('400 → 40', 'the difference is a line of the next statement');
    await onCall.press('Correct it');
    await onCall.sees('Corrected: import-7 counts as 40');
    const ref = { marketplace: group.marketplace, group: 'cld-1', meter: 'sms' };
    expect(await usage.fact(ref, 'import-7')).toMatchObject({ present: '40' });
  });
});

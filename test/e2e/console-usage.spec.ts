import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { ConsoleAuditEntry } from '../../src/console/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { MaestranoUsage, type UsageStatement } from '../../src/usage/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { consoleModule, Operator, type SeenPage } from '../support/console.js';
import { LAST_PERIOD, usageModule } from '../support/console-usage.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

const HOSTILE = `<img src=x onerror=alert(1)>"'&`;
const ESCAPED = '&lt;img src=x onerror=alert(1)&gt;';

describe('the console of an application without usage', () => {
  it('has no page of it', async () => {
    const app = await testApplication({ imports: [consoleModule()] });
    const operator = new Operator(`${app.base}/maestrano/console`);
    expect((await operator.open('/usage')).status).toBe(404);
    expect((await operator.open('/charges')).text).not.toContain('/usage"');
    await app.close();
  });
});

describe.each(HTTP_ADAPTERS)('usage in the console on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: TestApplication;
  let operator: Operator;
  let usage: MaestranoUsage;
  let marketplace: string;
  let companies: readonly string[];
  let groups = 0;
  let ref: { readonly marketplace: string; readonly group: string; readonly meter: string };

  beforeAll(async () => {
    sandbox = await startSandbox();
    marketplace = sandbox.marketplaces.list()[0]!.name;
    companies = sandbox.state.groupsOf(marketplace).map(({ uid }) => uid);
    app = await testApplication({
      httpAdapter,
      sandbox,
      options: { http: { backoffMs: 10, breaker: false } },
      imports: [
        consoleModule(),
        usageModule(() => ({ name: HOSTILE, zone: 'Europe/Paris', currency: 'AUD' })),
      ],
    });
    operator = new Operator(`${app.base}/maestrano/console`);
    usage = app.app.get(MaestranoUsage);
  });
  beforeEach(() => {
    groups += 1;
    ref = { marketplace, group: companies[groups % companies.length]!, meter: 'sms' };
  });
  afterAll(async () => {
    await app?.close();
    await sandbox?.close();
  });

  const address = (page: string, more: Readonly<Record<string, string>> = {}): string =>
    `/usage/${page}?${new URLSearchParams({ ...ref, ...more }).toString()}`;
  const record = async (id: string, quantity: number): Promise<void> => {
    await usage.record({ ...ref, id, at: LAST_PERIOD, quantity });
  };
  const status = async (seq = 1): Promise<string> => (await usage.statement({ ...ref, seq })).status;
  /** Posts the form of a page as somebody else, with a token of their own. */
  const triedBy = async (staff: string, page: SeenPage, button: string): Promise<SeenPage> => {
    const other = operator.as(staff);
    const { action, fields } = page.form(button);
    fields.set('csrf', (await other.open('/sign-ins')).form('Look for this person').fields.get('csrf') ?? '');
    return other.post(action, fields);
  };

  it('leads from the overview to a held statement, and lets it go out: with the role for money alone', async () => {
    await record('a', 100);
    await usage.close(ref);
    const overview = await operator.open();
    expect(overview.words).toContain('7.50 AUD of usage of');
    const statement = await operator.follow(overview, 'Decide about it');
    expect(statement.words).toContain('It is more than goes out without somebody who looks at it');
    expect(statement.words).toContain('100 × 0.075 = 7.5');
    const confirm = await operator.follow(statement, 'Let it go out…');

    const viewer = await operator.as('Sam Whitlock=view,replay').open(confirm.url);
    expect(viewer.words).toContain('needs the role money');
    expect((await triedBy('Sam Whitlock=view,replay', confirm, 'Bill this amount')).status).toBe(403);
    const { action, fields } = confirm.form('Bill this amount');
    expect((await operator.post(action, fields, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(await status()).toBe('held');

    const done = await operator.press(confirm, 'Bill this amount');
    expect(done.words).toContain('Billed: 7.50 AUD as bill-');
    expect(await status()).toBe('billed');
    // The same form once more: the statement is another by now.
    expect((await operator.post(action, fields)).status).toBe(409);
    const { data } = await operator.data<{ data: { entries: ConsoleAuditEntry[] } }>('/audit?q=statement');
    expect(data.entries.map(({ who, outcome }) => [who, outcome])).toEqual(
      expect.arrayContaining([
        ['Sam Whitlock', 'refused'],
        ['Ines Okafor', 'done'],
        ['Ines Okafor', 'failed'],
      ]),
    );
  });

  it('writes a refused statement off, with a reason, and shows what the marketplace said', async () => {
    ref = { ...ref, group: 'cld-of-nobody' };
    await record('a', 20);
    await usage.close(ref);
    expect(await status()).toBe('refused');
    const statement = await operator.open(address('statement', { seq: '1' }));
    expect(statement.words).toContain('The marketplace refused the bill: Group id does not exist');
    const confirm = await operator.follow(statement, 'Write it off…');
    expect((await operator.press(confirm, 'Write it off', { reason: ' ' })).status).toBe(400);
    const done = await operator.press(confirm, 'Write it off', { reason: HOSTILE });
    expect(done.words).toContain('Written off: 1.50 AUD are never charged.');
    expect(done.text).toContain(ESCAPED);
    expect(await status()).toBe('writtenOff');
  });

  it('corrects a use, once for a form, and the difference is in the next statement', async () => {
    await record('msg <1>', 40);
    await usage.close(ref);
    const company = await operator.open(address('company'));
    expect(company.words).toContain('Statement 1');
    const search = await operator.follow(company, 'Correct a use…');
    expect(search.status).toBe(200);
    const unknown = await operator.open(address('correct', { fact: HOSTILE, quantity: '4' }));
    expect(unknown.words).toContain('There is no use with the id');
    expect(unknown.text).not.toContain('<img');
    const confirm = await operator.open(address('correct', { fact: 'msg <1>', quantity: '30' }));
    expect(confirm.words).toContain('40 → 30');
    expect((await triedBy('Sam Whitlock=view', confirm, 'Correct it')).status).toBe(403);
    const done = await operator.press(confirm, 'Correct it');
    expect(done.words).toContain(
      'Corrected: msg <1> counts as 30, and the difference is in the next statement.',
    );
    // Posted twice, it is one; and who saw another quantity corrects nothing.
    expect((await operator.press(confirm, 'Correct it')).words).toContain('counts as 30');
    expect((await operator.press(confirm, 'Correct it', { quantity: '20' })).status).toBe(409);
    expect((await operator.press(confirm, 'Correct it', { quantity: 'many' })).status).not.toBe(200);
    expect(await usage.fact(ref, 'msg <1>')).toMatchObject({ present: '30', corrections: 1 });
    const away = await operator.open(address('correct', { fact: 'msg <1>', take: 'away' }));
    expect((await operator.press(away, 'Correct it')).words).toContain('does not count any more');
    await usage.close(ref);
    expect(await usage.statement({ ...ref, seq: 2 })).toMatchObject({ closing: '-3' });
    const next = await operator.open(address('statement', { seq: '2' }));
    expect(next.words).toContain('Correction of an earlier period');
    expect(next.words).toContain('−3.00 AUD');
  });

  it('says the same as data and as CSV, compares digests, and escapes what others wrote', async () => {
    ref = { ...ref, group: companies[1]! };
    const list = await operator.open(`/usage?group=${ref.group}`);
    expect(list.words).toContain(ref.group);
    const { data } = await operator.data<{ data: UsageStatement }>(address('statement', { seq: '1' }));
    expect(data).toMatchObject({ total: '7.5', status: 'billed', company: { name: HOSTILE } });
    const csv = await operator.open(address('statement', { seq: '1', format: 'csv' }));
    expect(csv.headers.get('content-type')).toContain('text/csv');
    expect(csv.headers.get('content-disposition')).toBe(
      `attachment; filename="usage-${ref.group}-sms-1.csv"`,
    );
    expect(csv.text).toContain('billed,,,,,,7.5');
    expect((await operator.open(address('company', { check: 'yes' }))).words).toContain(
      'All as they were sealed',
    );
    for (const path of ['/usage', address('company'), address('statement', { seq: '1' })]) {
      const page = await operator.open(path);
      expect([path, page.status, page.text.includes('<img')]).toEqual([path, 200, false]);
    }
    for (const [page, more] of [
      ['statement', { seq: '9' }],
      ['statement', { seq: HOSTILE }],
      ['company', { group: HOSTILE }],
      ['correct', { meter: HOSTILE, fact: 'a' }],
      ['confirm', { seq: '1', decision: 'approve' }],
      ['confirm', { seq: '1', decision: HOSTILE }],
    ] as const) {
      const found = await operator.open(address(page, more));
      expect([page, more, found.status >= 400 && found.status < 500]).toEqual([page, more, true]);
      expect(found.text).not.toContain('<img');
    }
  });

  it('lists companies by the page', async () => {
    for (let n = 0; n < 60; n += 1) {
      const group = `cld-many-${String(n).padStart(2, '0')}`;
      // Too little for a bill.
      await usage.record({ marketplace, group, meter: 'sms', id: 'a', at: LAST_PERIOD, quantity: '0.01' });
    }
    await usage.close({ marketplace });
    const first = await operator.open('/usage');
    expect(first.words).toContain('50 lines shown');
    const second = await operator.follow(first, 'Next');
    expect(second.words).toContain('cld-many-59');
    expect(second.words).not.toContain('cld-many-00');
    expect((await operator.follow(second, 'First')).words).toContain('50 lines shown');
  });
});

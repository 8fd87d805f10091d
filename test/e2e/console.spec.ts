import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type ConsoleAuditEntry, MaestranoConsoleModule } from '../../src/console/index.js';
import { BillingService } from '../../src/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { MeController, testApplication, type TestApplication } from '../support/application.js';
import { consoleModule, losesResponse, Operator, StaffGuard, staffOf } from '../support/console.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

const HOSTILE = `<img src=x onerror=alert(1)>"'&`;
const ESCAPED = '&lt;img src=x onerror=alert(1)&gt;';

describe('the console without a guard', () => {
  it('does not start, and says everything that is missing', async () => {
    const given = { path: 'a path', audit: { keepMs: 'long' } } as never;
    const started = testApplication({ imports: [MaestranoConsoleModule.forRoot(given)] });
    await expect(started).rejects.toMatchObject({
      code: 'configuration.options',
      problems: [{ key: 'guard' }, { key: 'path' }, { key: 'roles' }, { key: 'audit.keepMs' }],
    });
  });

  it('does not take a guard that only a factory gives', async () => {
    const useFactory = () => ({ guard: StaffGuard, roles: staffOf });
    const started = testApplication({
      imports: [MaestranoConsoleModule.forRootAsync({ useFactory } as never)],
    });
    await expect(started).rejects.toMatchObject({ problems: [{ key: 'guard' }] });
  });
});

describe.each(HTTP_ADAPTERS)('the console on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: TestApplication;
  let operator: Operator;
  const written: ConsoleAuditEntry[] = [];

  beforeAll(async () => {
    sandbox = await startSandbox();
    app = await testApplication({
      httpAdapter,
      sandbox,
      options: {
        developerPlatform: sandbox.developerPlatform,
        account: { createOnce: { deadlineMs: 3_000, settleMs: 0 } },
        http: { backoffMs: 10, breaker: false },
        sso: { homeUrl: '/me' },
      },
      imports: [consoleModule({ write: (entry) => void written.push(entry) })],
      controllers: [MeController],
    });
    operator = new Operator(`${app.base}/maestrano/console`);
  });
  afterAll(async () => {
    await app?.close();
    await sandbox?.close();
  });

  it('shows nothing to somebody whom the guard keeps out, or who has no role', async () => {
    expect((await fetch(operator.base)).status).toBe(403);
    const nobody = await operator.as('Sam=').open();
    expect(nobody.status).toBe(403);
    expect(nobody.text).not.toContain('Overview');
    expect((await operator.as('=view').open()).status).toBe(403);
  });

  it('keeps every page to itself: no frames, nothing inline, nothing cached', async () => {
    const page = await operator.open();
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.text).not.toMatch(/<style|<script(?! src)|\son\w+=|\sstyle=/);
    const [asset = ''] = /\/maestrano\/console\/assets\/pages\.css\?v=\w+/.exec(page.text) ?? [];
    const style = await operator.open(app.url + asset);
    expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
    for (const path of [
      '/sign-ins',
      '/deliveries',
      '/dead-letters',
      '/charges',
      '/marketplaces',
      '/sessions',
      '/health',
      '/audit',
    ])
      expect([path, (await operator.open(path)).status]).toEqual([path, 200]);
    expect((await operator.open('/nothing-here')).status).toBe(404);
    expect((await operator.open('/audit/nothing')).status).toBe(404);
  });

  it('is found behind a global prefix and below a path of its own', async () => {
    const other = await testApplication({
      httpAdapter,
      prefix: 'v1',
      imports: [consoleModule({}, '/staff/ops/')],
    });
    const page = await new Operator(`${other.url}/v1/staff/ops`).open();
    expect(page.status).toBe(200);
    expect(page.link('Audit log')).toBe(`${other.url}/v1/staff/ops/audit`);
    const [style = ''] = /\/v1\/staff\/ops\/assets\/pages\.css\?v=\w+/.exec(page.text) ?? [];
    expect((await operator.open(other.url + style)).status).toBe(200);
    const audit = await operator.open(page.link('Audit log'));
    expect(audit.link('Overview')).toBe(`${other.url}/v1/staff/ops`);
    await other.close();
  });

  it('says the same as data', async () => {
    for (const path of [
      '',
      '/sign-ins',
      '/deliveries',
      '/dead-letters',
      '/charges',
      '/marketplaces',
      '/sessions',
      '/health',
      '/audit',
    ]) {
      const { title, data } = await operator.data<{ title: string; data: unknown }>(path);
      expect([path, typeof title, typeof data]).toEqual([path, 'string', 'object']);
      const sent = await operator.open(`${path}?format=json`);
      expect(sent.headers.get('content-type')).toContain('application/json');
    }
    expect(await operator.as('Sam=').data()).toMatchObject({ code: 'console.role' });
  });

  it('shows markup as text, wherever it comes from', async () => {
    const asked = new URLSearchParams({
      q: HOSTILE,
      marketplace: HOSTILE,
      code: HOSTILE,
      person: HOSTILE,
    }).toString();
    const named = operator.as(`${encodeURIComponent('Ines')}<b>=view`);
    for (const path of [
      `/sign-ins?${asked}`,
      `/audit?${asked}`,
      `/deliveries?${asked}`,
      `/dead-letters?${asked}`,
      `/sessions?${asked}`,
    ]) {
      const page = await named.open(path);
      expect([path, page.text.includes('<img')]).toEqual([path, false]);
      expect(page.text).not.toContain('Ines<b>');
    }
    expect((await operator.open(`/sign-ins?${asked}`)).text).toContain(ESCAPED);
    const refused = await operator.open(
      `/sessions/confirm?${new URLSearchParams({ marketplace: HOSTILE }).toString()}`,
    );
    expect(refused.status).toBe(400);
  });

  it('takes forms of its own pages only', async () => {
    const page = await operator.open('/marketplaces');
    const { action, fields } = page.form('Fetch the configuration now');
    const without = new URLSearchParams(fields);
    without.delete('csrf');
    expect((await operator.post(action, without)).status).toBe(403);
    const foreign = await operator.as('Sam Whitlock=view,replay').post(action, fields);
    expect([foreign.status, foreign.title]).toEqual([403, 'Not allowed']);
    const framed = await operator.post(action, fields, { 'sec-fetch-site': 'cross-site' });
    expect(framed.status).toBe(403);
    const { data } = await operator.data<{ data: { entries: ConsoleAuditEntry[] } }>(
      '/audit?outcome=refused',
    );
    expect(data.entries.map(({ who, outcome }) => [who, outcome])).toEqual([
      ['Ines Okafor', 'refused'],
      ['Sam Whitlock', 'refused'],
      ['Ines Okafor', 'refused'],
    ]);
    expect(written).toHaveLength(3);
    const csv = await operator.open('/audit?outcome=refused&format=csv');
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="audit-log.csv"');
    expect(csv.text.split('\r\n')).toHaveLength(5);
    expect(csv.text).toContain('Sam Whitlock,replay,marketplaces/');
    const done = await operator.post(action, fields, { 'sec-fetch-site': 'same-origin' });
    expect(done.words).toContain('Fetched. Nothing has changed.');
  });

  it('ends the sessions of a company, and of one person', async () => {
    const { cookieHeader } = await sandbox.login(app.base, { user: 'usr-1', group: 'cld-1' });
    const me = (): Promise<Response> =>
      fetch(`${app.base}/me`, {
        headers: { cookie: cookieHeader, accept: 'application/json' },
        redirect: 'manual',
      });
    expect((await me()).status).toBe(200);
    const marketplace = sandbox.marketplaces.list()[0]!.name;
    const of = (group: string, user: string): string =>
      `/sessions/confirm?${new URLSearchParams({ marketplace, group, user }).toString()}`;
    const viewer = await operator.as('Sam Whitlock=view').open(of('cld-1', ''));
    expect(viewer.words).toContain('needs the role replay');
    await operator.press(await operator.open(of('cld-1', 'usr-77')), 'End these sessions');
    expect((await me()).status).toBe(200);
    const ended = await operator.press(await operator.open(of('cld-1', '')), 'End these sessions');
    expect(ended.words).toContain('Everybody of cld-1');
    expect((await me()).status).not.toBe(200);
    const log = await operator.open('/audit');
    expect(log.words).toContain('Ended all sessions');
  });

  it('leads from the overview to why nobody can sign in, and mends it', async () => {
    const { name } = sandbox.marketplaces.list()[0]!;
    await sandbox.marketplaces.rotateCertificate(name, { overlap: false });
    const login = await sandbox.login(app.base, { user: 'usr-1', group: 'cld-1' });
    expect(login.status).not.toBe(200);
    const overview = await fresh(operator, 'Why');
    expect(overview.words).toContain('1 sign-in was refused');
    const why = await operator.follow(overview, 'Why');
    expect(why.words).toContain('sso.signature');
    expect(why.words).toContain('What to do');
    expect(why.words).toContain(`${name} signs with a key that we do not know yet`);
    const marketplaces = await operator.follow(why, 'fetch the configuration');
    const fetched = await operator.press(marketplaces, 'Fetch the configuration now');
    expect(fetched.words).toContain(`${name} has another certificate`);
    expect((await sandbox.login(app.base, { user: 'usr-1', group: 'cld-1' })).status).toBe(200);
  });

  it('finds sign-ins by person without keeping who it was', async () => {
    await sandbox.login(app.base, { user: 'usr-1', group: 'cld-1' });
    const list = await operator.open('/sign-ins');
    const found = await operator.press(list, 'Look for this person', { person: 'usr-1' });
    expect(found.words).toContain('Accepted');
    expect(found.words).toMatch(/\S•••@/);
    expect(found.url).not.toContain('usr-1');
    const none = await operator.press(list, 'Look for this person', { person: 'nobody@example.com' });
    expect(none.words).toContain('No sign-in matches');
    const { data } = await operator.data<{ data: { entries: ConsoleAuditEntry[] } }>('/audit?q=Looked');
    expect(JSON.stringify(data)).not.toContain('nobody@example.com');
    expect(data.entries.length).toBeGreaterThanOrEqual(2);
  });

  it('decides about a charge whose response got lost', async () => {
    const { name } = sandbox.marketplaces.list()[0]!;
    const { bills } = app.app.get(BillingService, { strict: false }).for(name);
    const bill = { groupId: 'cld-1', priceCents: 32_500, description: HOSTILE, currency: 'AUD' };
    await losesResponse(sandbox, () => bills.createOnce('sms/2026-11', bill));

    const overview = await fresh(operator, 'Decide…');
    expect(overview.words).toContain('Charge undecided');
    const undecided = await operator.follow(overview, 'Decide…');
    expect(undecided.text).not.toContain('<img');
    expect(undecided.text).toContain(ESCAPED);
    expect(undecided.title).toBe('Was cld-1 charged 325.00 AUD?');
    const confirm = await operator.follow(undecided, 'This one is it…');

    const viewer = operator.as('Sam Whitlock=view');
    const seen = await viewer.open(confirm.url);
    expect(seen.words).toContain('needs the role money');
    const { action, fields } = confirm.form('Settle as');
    const token = (await viewer.open('/sign-ins')).form('Look for this person').fields.get('csrf') ?? '';
    const tried = new URLSearchParams(fields);
    tried.set('csrf', token);
    expect((await viewer.post(action, tried)).status).toBe(403);
    expect((await operator.open('/audit?outcome=refused')).words).toContain('needs the role money');

    const wrong = new URLSearchParams(fields);
    wrong.set('charge', 'bill-of-nobody');
    expect((await operator.post(action, wrong)).status).toBe(409);
    const settled = await operator.press(confirm, 'Settle as');
    expect(settled.words).toContain('Settled: sms/2026-11 stands for');
    expect(await bills.createOnce('sms/2026-11', bill)).toMatchObject({ priceCents: 32_500 });
    expect(
      (await bills.list({ groupId: 'cld-1' })).filter(({ priceCents }) => priceCents === 32_500),
    ).toHaveLength(1);
    expect((await operator.open('/charges')).words).toContain('sms/2026-11');
  });
});

/** The overview, once it has a link: what needs somebody is asked for anew every five seconds. */
async function fresh(operator: Operator, link: string): Promise<Awaited<ReturnType<Operator['open']>>> {
  for (let tries = 0; ; tries += 1) {
    const page = await operator.open();
    try {
      page.link(link);
      return page;
    } catch (error) {
      if (tries >= 60) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

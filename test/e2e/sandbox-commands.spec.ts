import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ExpressAdapter } from '@nestjs/platform-express';

import { runCli } from '../../src/cli/run-cli.js';
import { CATALOGUE } from '../../src/sandbox/events/event-catalogue.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { fastifyPlatform } from '../../src/sandbox/sandbox-application.js';
import { MeController, type TestApplication, testApplication } from '../support/application.js';
import { type CommandOutcome, commandLine } from '../support/command-line.js';
import { freePort } from '../support/free-port.mjs';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

describe.each(HTTP_ADAPTERS)('commands against a running sandbox on %s', (name) => {
  let sandbox: Sandbox;
  let application: TestApplication;
  let cwd: string;

  beforeAll(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'sandbox-commands-'));
    sandbox = await startSandbox({}, name === 'express' ? new ExpressAdapter() : await fastifyPlatform());
    application = await testApplication({
      httpAdapter: name,
      sandbox,
      options: { sso: { homeUrl: '/me' } },
      controllers: [MeController],
    });
  });
  afterAll(async () => {
    await application?.close();
    await sandbox?.close();
    rmSync(cwd, { recursive: true });
  });

  const command = (...argv: string[]): Promise<CommandOutcome> =>
    commandLine([...argv, '--sandbox', sandbox.url], { cwd });
  const json = async (...argv: string[]): Promise<unknown> =>
    JSON.parse((await command(...argv, '--json')).out);

  it('triggers every event of the catalogue, and the application takes it', async () => {
    writeFileSync(join(cwd, 'body.json'), JSON.stringify({ invoices: [{ id: 'inv-9', group_id: 'cld-1' }] }));
    for (const { key, method } of CATALOGUE.toReversed()) {
      const { code, out, err } = await command(
        'trigger',
        key,
        ...(key === 'own' ? ['--body', 'body.json'] : []),
        ...(key === 'edit' ? ['--set', 'first_name=Ada'] : []),
      );
      expect({ key, code, err }).toEqual({ key, code: 0, err: '' });
      expect(out).toMatch(
        new RegExp(`^2\\d\\d {2}${method} http://127\\.0\\.0\\.1:${application.port}/\\S+ {2}\\d+ ms`),
      );
    }
    expect(sandbox.state.group('maestrano-uat', 'cld-1')?.status).toBe('terminated');
  });

  it('changes the record at Connec! that it tells of, the first of its kind or the one that is named', async () => {
    await command('reset');
    const people = sandbox.connec.list('people');
    const [first, second] = people as [{ id: string }, { id: string; email: object }];
    const sent = async (...argv: string[]): Promise<unknown> => {
      expect(await command('trigger', ...argv)).toMatchObject({ code: 0, err: '' });
      return Object.values(JSON.parse(sandbox.webhooks.deliveries.at(-1)!.body!) as object);
    };
    sandbox.webhooks.subscribe(['people']);
    const before = sandbox.webhooks.deliveries.length;
    expect(await sent('person')).toEqual([[sandbox.connec.get('people', first.id)]]);
    expect(sandbox.connec.get('people', first.id)).toMatchObject({ first_name: 'Zoë <b>' });
    const named = [
      '--record',
      `people/${second.id}`,
      '--set',
      'email.address=a=b@x.test',
      '--set',
      'age=007',
    ];
    expect(await sent('edit', ...named, '--set', 'is_lead=true')).toEqual([
      [sandbox.connec.get('people', second.id)],
    ]);
    expect(sandbox.connec.get('people', second.id)).toEqual({
      ...second,
      email: { ...second.email, address: 'a=b@x.test' },
      age: '007',
      is_lead: true,
      updated_at: expect.anything(),
    });
    await sandbox.webhooks.idle();
    // Subscribed to the resource, the application is told once nevertheless.
    expect(sandbox.webhooks.deliveries).toHaveLength(before + 2);
    const [invoice] = sandbox.connec.list('invoices');
    await command('trigger', 'invoice');
    expect(sandbox.connec.get('invoices', String(invoice!['id']))!['balance']).not.toEqual(
      invoice!['balance'],
    );
    await command('trigger', 'many', '--group', 'cld-2');
    expect(sandbox.connec.list('items', { group: 'cld-2' }).length).toBeGreaterThanOrEqual(12);
    for (const event of ['repeat', 'older']) await command('trigger', event);
    expect(sandbox.connec.list('people')).toHaveLength(people.length);
  });

  it('triggers for whom it is told, as often and with the credentials that it is told', async () => {
    expect(
      await json('trigger', 'leave', '--marketplace', 'bluebank', '--group', 'cld-1', '--user', 'usr-1'),
    ).toEqual([expect.objectContaining({ kind: 'group-user', marketplace: 'bluebank', status: 200 })]);
    const wrong = await command('trigger', 'invoice', '--times', '3', '--burst', '--credentials', 'wrong');
    expect(wrong.code).toBe(1);
    expect(wrong.out.match(/^401 /gm)).toHaveLength(3);
    // No credentials leave the sandbox this way.
    expect(JSON.stringify(await json('trigger', 'stranger'))).not.toMatch(/authorization/i);
  });

  it('explains what the sandbox does not know', async () => {
    for (const [argv, says] of [
      [['trigger', 'cancel', '--marketplace', 'nowhere'], 'nowhere'],
      [['trigger', 'cancel', '--group', 'cld-none'], 'maestrano-uat has no company "cld-none".'],
      [['trigger', 'leave', '--user', 'usr-none'], 'maestrano-uat has no person "usr-none".'],
      [['login', '--user', 'usr-none'], 'maestrano-uat has no person "usr-none".'],
      [['login', '--send', 'wrong-audiense'], 'Did you mean wrong-audience?'],
      [['trigger', 'own'], 'needs a body'],
      [['trigger', 'edit'], 'changes nothing'],
      [['trigger', 'edit', '--set', 'a=1', '--record', 'people/none'], 'no record "people/none"'],
      [['trigger', 'edit', '--set', 'first_name'], 'Write FIELD=VALUE'],
      [['trigger', 'cancel', '--credentials', 'stolen'], 'credentials are none of'],
      [['clock', '--advance', 'soon'], '"soon" is no span of time'],
      [['clock', '--advance', '99999999999d'], 'calendar'],
      [['clock', '--set', 'never'], 'no moment'],
    ] as const) {
      const { code, out, err } = await command(...argv);
      expect({ argv, code, out }).toEqual({ argv, code: 2, out: '' });
      expect(err).toContain(says);
    }
  });

  it('resets, and tells what there is', async () => {
    expect(await command('reset')).toEqual({
      code: 0,
      out: 'The scenario begins again: maestrano-uat, bluebank\n',
      err: '',
    });
    expect(sandbox.state.group('maestrano-uat', 'cld-1')?.status).toBe('running');
  });

  it('signs people in, and tells what the application responded', async () => {
    const { code, out } = await command('login', '--user', 'usr-1', '--group', 'cld-1');
    expect({ code, out }).toEqual({
      code: 0,
      out: 'accepted  303 → /me\nusr-1 of cld-1 at maestrano-uat, a valid response\n',
    });
    const rejected = await command('login', '--send', 'wrong-audience');
    expect(rejected.code).toBe(0);
    expect(rejected.out).toMatch(/^rejected {2}403 \(sso\.audience, trace \S+\)\n/);
    expect(await json('login', '--marketplace', 'bluebank')).toMatchObject({
      marketplace: 'bluebank',
      state: 'accepted',
      asExpected: true,
    });
    const { appUrl } = sandbox.state;
    sandbox.setAppUrl(`http://127.0.0.1:${await freePort()}`);
    const nobody = await command('login');
    sandbox.setAppUrl(appUrl);
    expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining('did not respond (ECONNREFUSED)') });
  });

  it("takes usage by day, and shows it on the company's page beside what it cost", async () => {
    await command('reset');
    const send = async (body: object): Promise<{ status: number; body: unknown }> => {
      const response = await fetch(`${sandbox.url}/api/sandbox/v1/usage`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    };
    const now = sandbox.clock.iso();
    const days = [
      { day: '2026-10-04', quantity: '7', amount: '0.525' },
      { day: '2026-10-05', quantity: '12.5', amount: '-0.05' },
      { day: '2026-10-06', quantity: '1', amount: null },
    ];
    const about = { group: 'cld-1', meter: 'sms', label: 'Text messages', zone: 'Australia/Sydney' };
    expect(await send({ ...about, days })).toEqual({ status: 200, body: { days: 3 } });
    const reported = await (await fetch(`${sandbox.url}/companies/maestrano-uat/cld-1?part=usage`)).text();
    expect(reported).toContain('3 days; most on 5 Oct: 12.5');
    expect(reported).toContain('Text messages: cost by day in AUD');
    expect(reported).toContain('2 days; most on 4 Oct: 0.525');
    expect(reported.match(/<td class="num">-0\.05<\/td>/g)).toHaveLength(1);
    expect(reported).not.toContain('height="-');
    const plain = [{ day: '2026-10-04', quantity: '7' }];
    expect(await send({ ...about, days: plain })).toEqual({ status: 200, body: { days: 1 } });
    for (const wrong of [
      { ...about, group: 'cld-none', days },
      { ...about, days: [{ day: 'today', quantity: '1' }] },
      { ...about, days: [{ day: '2026-10-04', quantity: 1 }] },
      { ...about, days: [{ ...days[0], amount: 0.525 }] },
      { ...about, days, currency: 'dollars' },
      { ...about, days: 'many' },
      { ...about, dayz: days },
      { group: 'cld-1', days },
    ])
      expect((await send(wrong)).status).toBe(400);
    const bill = (text: string): void => sandbox.build.bill('maestrano-uat', 'cld-1', 1_234, text);
    bill(`Text messages ${now.slice(0, 7)}-01 to ${now.slice(0, 7)}-07 (statement 1)`);
    bill(
      `Text messages corrections from ${now.slice(0, 7)}-01 to ${now.slice(0, 7)}-07 (statement 2, 1 of 2)`,
    );
    bill('Text messages of a kind (statement of account)');
    const page = await (await fetch(`${sandbox.url}/companies/maestrano-uat/cld-1?part=usage`)).text();
    expect(page).toContain('Text messages by day');
    expect(page).toContain('1 days; most on 4 Oct: 7');
    expect(page).not.toContain('cost by day');
    expect(page.match(/Cost of usage in AUD by month/g)).toHaveLength(1);
    expect(page.match(/<td class="num">12\.34<\/td>/g)!.length).toBeGreaterThanOrEqual(2);
    expect(
      await (await fetch(`${sandbox.url}/companies/maestrano-uat/cld-2?part=usage`)).text(),
    ).not.toContain('Text messages by day');
  });

  it('moves the clock', async () => {
    expect(await json('clock', '--advance', '31d')).toMatchObject({
      frozen: false,
      offsetMs: 31 * 86_400_000,
    });
    expect((await command('clock')).out).toMatch(/Z {2}2678400 s ahead of this machine\n$/);
    expect(await json('clock', '--advance', '-1h')).toMatchObject({ offsetMs: 31 * 86_400_000 - 3_600_000 });
    expect((await command('clock', '--freeze')).out).toContain('frozen, ');
    expect(await json('clock', '--set', '2030-01-31T12:00:00Z')).toMatchObject({
      now: '2030-01-31T12:00:00.000Z',
      frozen: true,
    });
    expect(await json('clock', '--run')).toMatchObject({ frozen: false });
    expect((await command('clock', '--reset')).out).toMatch(/this machine's time\n$/);
  });

  it('shows the journal, in part', async () => {
    await command('reset');
    await command('login');
    await command('trigger', 'cancel', '--credentials', 'wrong');
    const whole = await command('journal');
    expect(whole.out).toMatch(/→ marketplace {2}GET \/api\/v1\/auth\/saml/);
    expect(whole.out).toMatch(/401 {2}← marketplace {2}DELETE http\S+cld-1/);
    const problems = (await command('journal', '--problems', '--direction', 'out')).out;
    expect(problems.trimEnd().split('\n')).toHaveLength(1);
    expect((await command('journal', '--limit', '1')).out.trimEnd().split('\n')).toHaveLength(1);
    expect((await command('journal', '--part', 'connec')).out).toBe('');
    const lines = (await command('journal', '--json', '--text', 'auth/saml')).out.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { part: string }).part)).toContain('idp');
  });

  it('follows the journal until the sandbox ends, and loses nothing on the way', async () => {
    const other = await startSandbox({ appUrl: application.url });
    let out = '';
    const shown = (text: string): Promise<void> =>
      new Promise((resolve) => {
        const look = setInterval(() => {
          if (!out.includes(text)) return;
          clearInterval(look);
          resolve();
        }, 20);
      });
    const followed = runCli(['journal', '--follow', '--limit', '0', '--sandbox', other.url], {
      out: (text) => void (out += text),
      err: (text) => void (out += text),
      env: {},
      cwd,
    });
    // The command may be slower than the first event: what comes after its first question counts.
    while (!out.includes('cld-of-nobody')) {
      await other.webhooks.deleteGroup('cld-of-nobody', { onlySend: true });
    }
    await other.webhooks.deleteGroup('cld-last', { onlySend: true });
    await shown('cld-last');
    await other.close();
    expect(await followed).toBe(0);
  }, 60_000);

  it('lets no browser in, and nothing that is no JSON', async () => {
    const post = (headers: Record<string, string>, body = '{}'): Promise<Response> =>
      fetch(`${sandbox.url}/api/sandbox/v1/reset`, { method: 'POST', headers, body });
    expect((await post({ 'content-type': 'text/plain' })).status).toBe(403);
    expect((await post({ 'content-type': 'application/json', origin: sandbox.url })).status).toBe(403);
    expect((await post({ 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' })).status).toBe(
      403,
    );
    for (const [path, body] of [
      ['events', '{'],
      ['events', '[]'],
      ['events', '{"event":7}'],
      ['events', '{"event":"own","body":[]}'],
      ['events', '{"event":"cancel","times":1e9}'],
      ['events', '{"__proto__":{"event":"cancel"},"x":1}'],
      ['logins', '{"user":{}}'],
      ['clock', '{"frozen":"yes"}'],
      ['clock', '{"advance":"1d","set":"2026-01-01"}'],
    ] as const) {
      const response = await fetch(`${sandbox.url}/api/sandbox/v1/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect({ path, body, status: response.status }).toEqual({ path, body, status: 400 });
      expect(await response.json()).toMatchObject({
        code: expect.stringMatching(/^sandbox\./),
        remedy: expect.any(String),
      });
    }
    expect((await fetch(`${sandbox.url}/api/sandbox/v1/journal?limit=x`)).status).toBe(400);
    expect((await fetch(`${sandbox.url}/api/sandbox/v1/nothing`)).status).toBe(404);
  });
});

describe('without a sandbox', () => {
  it.each([['trigger', 'cancel'], ['login'], ['clock'], ['reset'], ['journal'], ['journal', '--follow']])(
    '%s says how to start one',
    async (...argv) => {
      const url = `http://127.0.0.1:${await freePort()}`;
      const { code, out, err } = await commandLine([...argv.filter(Boolean), '--sandbox', url]);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toBe(
        `No sandbox of this version responds at ${url} (ECONNREFUSED). Start one with nestjs-maestrano sandbox, or say where it is with --sandbox. [cli.sandbox]\n`,
      );
    },
  );

  it('another server is none', async () => {
    const application = await testApplication();
    const { code, err } = await commandLine(['reset', '--sandbox', application.url]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('it responded with 404') });
  });
});

describe('nestjs-maestrano sandbox', () => {
  it('says which port is taken, and which address there is not', async () => {
    await using sandbox = await startSandbox();
    const { port } = new URL(sandbox.url);
    expect(await commandLine(['sandbox', '--port', port])).toEqual({
      code: 1,
      out: '',
      err: `Port ${port} of 127.0.0.1 is taken: another program, or another sandbox, listens there. Stop it, or choose another port; 0 takes a free one. [sandbox.listen]\n`,
    });
    expect(await commandLine(['sandbox', '--port', '0', '--host', '203.0.113.7'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('This machine has no address 203.0.113.7.'),
    });
  });
});

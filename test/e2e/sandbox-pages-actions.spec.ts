import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import { ExpressAdapter } from '@nestjs/platform-express';

import { fastifyPlatform } from '../../src/sandbox/sandbox-application.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import type { StartSandboxOptions } from '../../src/sandbox/sandbox-options.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

const HTML = { accept: 'text/html' };
const COMPANY = '/companies/maestrano-uat/cld-1';
/** Nobody listens there: what is sent fails at once. */
const NOWHERE = 'http://127.0.0.1:9';

describe.each(HTTP_ADAPTERS)('what the pages of the sandbox do, on %s', (name) => {
  let sandbox: Sandbox | undefined;

  async function start(options: StartSandboxOptions = {}): Promise<Sandbox> {
    sandbox = await startSandbox(
      { appUrl: NOWHERE, ...options },
      name === 'express' ? new ExpressAdapter() : await fastifyPlatform(),
    );
    return sandbox;
  }

  afterEach(async () => {
    await sandbox?.close();
    sandbox = undefined;
  });

  const open = async (path: string): Promise<string> =>
    (await fetch(sandbox!.url + path, { headers: HTML })).text();

  /** Posts a form with the page's token; where the browser is sent, with what was done. */
  async function post(path: string, fields: Record<string, string>): Promise<URL> {
    const csrf = /name="csrf" value="([^"]+)"/.exec(await open('/faults'))?.[1] ?? '';
    const response = await fetch(sandbox!.url + path, {
      method: 'POST',
      headers: HTML,
      body: new URLSearchParams({ ...fields, csrf }),
      redirect: 'manual',
    });
    expect({ path, status: response.status }).toEqual({ path, status: 303 });
    return new URL(response.headers.get('location')!, sandbox!.url);
  }

  it('keeps events that somebody composed, over a reset and a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
    const persist = join(folder, 'sandbox.json');
    try {
      await start({ persist });
      const body = '{ "invoices": [{ "id": "i-1", "code": "<OWN-7>" }] }';
      const saved = await post('/compose/save', {
        event: 'invoice',
        company: 'maestrano-uat cld-1',
        body,
        credentials: 'wrong',
        times: '3',
        spacing: 'minute',
        connection: 'body',
      });
      const id = saved.searchParams.get('saved')!;
      expect(id).toBe('saved-1');
      await post('/compose/rename', { id, name: '  Wrong <thrice>  ' });
      await sandbox!.reset();
      await sandbox!.close();
      await start({ persist });
      const page = await open(`/compose?saved=${id}`);
      expect(page).toContain('Wrong &lt;thrice&gt;');
      expect(page).toContain('&quot;code&quot;: &quot;&lt;OWN-7&gt;&quot;');
      for (const chosen of ['wrong', 'minute', 'body'])
        expect(page).toMatch(new RegExp(`<option value="${chosen}" selected`));
      expect(page).toContain('value="3"');
      expect((await post('/compose/remove', { id })).pathname).toBe('/compose');
      expect(await open('/compose')).not.toContain('thrice');
    } finally {
      await sandbox?.close();
      sandbox = undefined;
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('keeps nothing that it could not send, and no more than fifty', async () => {
    await start();
    const wrong = await post('/compose/save', { event: 'own', company: 'maestrano-uat cld-1', body: '[1' });
    expect(wrong.searchParams.get('done')).toContain('no JSON object');
    for (let turn = 0; turn < 50; turn += 1) await post('/compose/save', { event: 'stranger' });
    const csrf = /name="csrf" value="([^"]+)"/.exec(await open('/faults'))?.[1] ?? '';
    const response = await fetch(`${sandbox!.url}/compose/save`, {
      method: 'POST',
      headers: HTML,
      body: new URLSearchParams({ event: 'stranger', csrf }),
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('50 events are kept already');
  });

  it('makes the body of the record that was chosen', async () => {
    const { connec } = await start();
    connec.write('invoices', { code: 'CHOSEN-2' }, { group: 'cld-1' });
    const record = sandbox!.state.connec
      .list('maestrano-uat', 'cld-1', 'invoices')
      .find(({ document }) => document['code'] === 'CHOSEN-2')!;
    const first = await open('/compose?event=invoice&company=maestrano-uat+cld-1');
    expect(first).toContain(`<option value="${record.id}"`);
    expect(first).not.toContain('&quot;CHOSEN-2&quot;');
    expect(await open(`/compose?event=invoice&company=maestrano-uat+cld-1&record=${record.id}`)).toContain(
      '&quot;CHOSEN-2&quot;',
    );
  });

  it('plans attempts, shows when, takes them back, and makes them when the clock is there', async () => {
    const { webhooks } = await start();
    await webhooks.notify({ people: [] });
    const [first] = webhooks.deliveries;
    await post('/webhooks/plan', { id: first!.id, after: '5m' });
    await post('/webhooks/plan', { id: first!.id, after: '1h' });
    const page = await open(`/webhooks?open=${first!.id}`);
    expect(page).toContain('2 attempts are planned, the next:');
    expect(page).toMatch(/Next attempt:\s+<time[^>]*>in (4|5) min/);
    expect(page).toMatch(/<b>Third<\/b>[\s\S]*<b>Second<\/b>[\s\S]*<b>First<\/b>/);
    const plan = /name="plan" value="([^"]+)"/.exec(page)![1]!;
    await post('/webhooks/cancel', { id: first!.id, plan });
    const again = await post('/webhooks/cancel', { id: first!.id, plan });
    expect(again.searchParams.get('done')).toContain('made already');
    expect(webhooks.planned).toHaveLength(1);
    const by = /name="by" value="(\d+ms)"/.exec(await open(`/webhooks?open=${first!.id}`))![1]!;
    expect((await post('/faults/clock', { by, to: '/webhooks' })).pathname).toBe('/webhooks');
    await webhooks.idle();
    expect(webhooks.deliveries.map(({ repeats }) => repeats)).toEqual([null, first!.id]);
    expect((await post('/webhooks/plan', { id: first!.id, after: '9y' })).searchParams.get('tone')).toBe(
      'bad',
    );
    await post('/faults/retries', { name: 'on' });
    await webhooks.notify({ people: [] });
    expect(webhooks.planned).toHaveLength(1);
    expect(await open('/faults')).toContain('Sent again');
    await post('/faults/retries', { name: 'off' });
    await webhooks.notify({ people: [] });
    expect(webhooks.planned).toHaveLength(1);
  });

  it('shows an attempt in parts, and beside the first one', async () => {
    let calls = 0;
    const application = createServer((_request, response) => {
      calls += 1;
      response.writeHead(calls === 1 ? 503 : 200, {
        'content-type': 'application/json',
        'x-call': String(calls),
      });
      response.end(JSON.stringify({ calls, same: true }));
    });
    application.listen(0, '127.0.0.1');
    await once(application, 'listening');
    try {
      const { webhooks } = await start({
        appUrl: `http://127.0.0.1:${(application.address() as AddressInfo).port}`,
      });
      const [first] = await webhooks.notify({ people: [{ id: 'p-1' }] });
      expect(await open(`/webhooks?open=${first!.id}`)).not.toContain('part=difference');
      const { id } = await webhooks.resend(first!.id);
      const page = await open(`/webhooks?open=${id}`);
      expect(page).toContain(`href="/webhooks?open=${first!.id}"`);
      expect(page).toMatch(/<li class="day">Today, \d+ \w+<\/li>/);
      expect(page).toContain('id="response-body"');
      expect(page).not.toContain('id="request-body"');
      const request = await open(`/webhooks?open=${id}&part=request`);
      expect(request).toContain('id="request-body"');
      expect(request).toContain('curl -i -X POST');
      const headers = await open(`/webhooks?open=${id}&part=headers`);
      expect(headers).toContain('x-call: 2');
      expect(headers).toMatch(/authorization: Basic \S+:/);
      const difference = await open(`/webhooks?open=${id}&part=difference`);
      for (const line of ['<del>503</del>', '<ins>200</ins>', '<del>x-call: 1</del>', 'The same request.'])
        expect(difference).toContain(line);
      expect(difference).toMatch(/class="n same">\s*&quot;same&quot;: true/);
      expect(await open(`/webhooks?open=${first!.id}&part=difference`)).toContain('id="response-body"');
    } finally {
      application.close();
    }
  });

  it('shows an event as a command before it is sent', async () => {
    const { webhooks } = await start();
    const csrf = /name="csrf" value="([^"]+)"/.exec(await open('/faults'))?.[1] ?? '';
    const command = async (fields: Record<string, string>): Promise<string> => {
      const response = await fetch(`${sandbox!.url}/compose/command`, {
        method: 'POST',
        headers: HTML,
        body: new URLSearchParams({ ...fields, csrf }),
      });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      return response.text();
    };
    const company = 'maestrano-uat cld-1';
    const body = `{ "people": [{ "id": "p-1", "note": "it's <b>" }] }`;
    const page = await command({ event: 'own', company, body, credentials: 'wrong' });
    expect(page).toContain('curl -i -X POST');
    expect(page).toContain(NOWHERE);
    expect(page).toContain('&lt;b&gt;');
    // The password of "Wrong password" is the word itself.
    const basic = /authorization: Basic ([\w+/=]+)/.exec(page)![1]!;
    expect(Buffer.from(basic, 'base64').toString()).toMatch(/:wrong$/);
    expect((await command({ event: 'older', company, body })).match(/curl -i/g)).toHaveLength(2);
    expect(await command({ event: 'cancel', company })).toContain('curl -i -X DELETE');
    expect(await command({ event: 'own', company, body: '[1' })).toContain('The body is no JSON object.');
    expect(await command({ event: 'leave', company })).toContain('Choose who leaves.');
    expect(webhooks.deliveries).toEqual([]);
    expect(sandbox!.state.group('maestrano-uat', 'cld-1')!.status).toBe('running');
    // What the page's button sends is the same event.
    const fields = Object.fromEntries(
      [...page.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
        name,
        value,
      ]),
    );
    expect(fields).toMatchObject({ event: 'own', company, credentials: 'wrong' });
  });

  it('shows a company in parts, and a person with the sessions to end', async () => {
    const { build, state } = await start();
    build.bill('maestrano-uat', 'cld-1', 1_500, 'Only-in-bills', 0);
    for (let turn = 0; turn < 60; turn += 1) {
      build.user('maestrano-uat', { uid: `crowd-${turn}`, name: 'Crowd', surname: `No-${turn}` });
      build.member('maestrano-uat', `crowd-${turn}`, 'cld-1', 'Guest');
    }
    const parts = Object.fromEntries(
      await Promise.all(
        ['', 'members', 'bills', 'records', 'usage', 'events'].map(
          async (part) => [part, await open(`${COMPANY}?part=${part}`)] as const,
        ),
      ),
    );
    expect(parts['']).toContain('What happened');
    expect(parts['']).not.toContain('No-59');
    expect(parts['members']).toContain('Older');
    expect(await open(`${COMPANY}?part=members&q=no-59`)).toContain('1 member<');
    expect(parts['bills']).toContain('Only-in-bills');
    expect(parts['bills']).toContain('Recurring');
    expect(parts['records']).toContain('INV-');
    expect(parts['usage']).toContain('No usage yet');
    expect(parts['events']).toContain('Only-in-bills');
    expect(await open(`${COMPANY}?part=events&kind=login`)).not.toContain('Only-in-bills');
    expect(await open(`${COMPANY}?part=nothing`)).toContain('What happened');
    const before = state.user('maestrano-uat', 'usr-1')!.ssoSession;
    const back = await post(`${COMPANY}/sessions`, { user: 'usr-1', to: 'person' });
    expect(back.pathname).toBe(`${COMPANY}/people/usr-1`);
    expect(state.user('maestrano-uat', 'usr-1')!.ssoSession).not.toBe(before);
    const person = await open(back.pathname);
    expect(person).toContain('Ana Kovač');
    expect(person).toContain('has not gone to your application yet');
    expect((await fetch(`${sandbox!.url}${COMPANY}/people/nobody`, { headers: HTML })).status).toBe(404);
  });

  it('shows what the application says of synchronizations', async () => {
    const { webhooks } = await start();
    expect(await open('/synchronization')).toContain('No synchronization was asked about yet');
    await post('/synchronization', { marketplace: 'maestrano-uat', group: 'cld-1', act: 'full' });
    expect(webhooks.deliveries.map(({ method }) => method)).toEqual(['POST', 'GET']);
    const page = await open('/synchronization?q=cld-1&marketplace=maestrano-uat');
    expect(page).toContain('No response');
    expect(page).toContain('1 company<');
    const nothing = await open('/synchronization?q=zzz');
    expect(nothing).toContain('Nothing matches');
  });

  it('narrows the journal to a company', async () => {
    const { webhooks } = await start();
    await webhooks.deleteGroup('cld-1', { onlySend: true });
    await webhooks.notify({ people: [{ id: 'p-1', group_id: 'cld-2' }] });
    const all = await open('/journal');
    expect(all).toContain('value="maestrano-uat cld-1"');
    expect(all).toContain('value="maestrano-uat cld-2"');
    const one = await open('/journal?company=maestrano-uat+cld-2');
    expect(one).toContain('1 call<');
    expect(one).toContain('/connec/notifications');
    expect(one).not.toContain('DELETE /');
  });

  it('gives the variables as a file, and says how long a page took', async () => {
    const running = await start();
    const response = await fetch(`${running.url}/env`);
    expect(response.headers.get('content-disposition')).toContain('.env');
    const { host, apiKey } = running.developerPlatform;
    const lines = (await response.text()).split('\n');
    expect(lines[0]).toBe(`MNO_DEVPL_HOST=${host}`);
    expect(lines[2]).toBe(`MNO_DEVPL_ENV_KEY=${apiKey}`);
    const page = await fetch(running.url, { headers: HTML });
    expect(page.headers.get('server-timing')).toMatch(/^page;dur=\d+\.\d$/);
  });
});

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

import {
  SandboxError,
  startSandbox,
  type Sandbox,
  type StartSandboxOptions,
} from '../../../src/sandbox/index.js';
import { fastifyPlatform, installedPlatform } from '../../../src/sandbox/sandbox-application.js';
import { sendRequest, type IncomingResponse } from '../../../src/sandbox/http/send-request.js';
import { fakeDate } from '../../support/fake-date.js';

const platforms = [
  ['Express', (): Promise<ExpressAdapter> => Promise.resolve(new ExpressAdapter())],
  ['Fastify', (): Promise<FastifyAdapter> => fastifyPlatform() as Promise<FastifyAdapter>],
] as const;

describe.each(platforms)('the sandbox on %s', (_name, adapter) => {
  let sandbox: Sandbox;

  async function start(options: StartSandboxOptions = {}): Promise<Sandbox> {
    sandbox = await startSandbox({ seed: 7, ...options }, await adapter());
    return sandbox;
  }

  function call(method: string, path: string, body?: unknown, timeoutMs = 25_000): Promise<IncomingResponse> {
    const { id, key } = sandbox.options.marketplaces[0]?.api ?? { id: '', key: '' };
    return sendRequest({
      method,
      url: sandbox.url + path,
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}`,
        ...(body === undefined ? {} : { 'content-type': 'application/vnd.api+json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      timeoutMs,
    });
  }

  const bill = { group_id: 'cld-1', price_cents: 2_000, description: 'Test charge' };
  const bills = (): number =>
    sandbox.state.bills.filter(({ description }) => description === bill.description).length;

  afterEach(() => sandbox?.close());

  it('serves the configuration to its environment only, with an ETag', async () => {
    await start();
    const { host, apiPath, apiKey, apiSecret } = sandbox.developerPlatform;
    const fetchIt = (secret: string, headers = {}): Promise<IncomingResponse> =>
      sendRequest({
        method: 'GET',
        url: host + apiPath,
        headers: {
          authorization: `Basic ${Buffer.from(`${apiKey}:${secret}`).toString('base64')}`,
          ...headers,
        },
      });
    const response = await fetchIt(apiSecret);
    expect(JSON.parse(response.body)).toEqual(sandbox.options);
    expect(await fetchIt('wrong')).toMatchObject({
      status: 401,
      body: '{"error":"Invalid API credentials"}',
    });
    const again = await fetchIt(apiSecret, { 'if-none-match': response.headers['etag'] });
    expect(again).toMatchObject({ status: 304, body: '' });
    sandbox.marketplaces.remove('bluebank');
    const changed = await fetchIt(apiSecret, { 'if-none-match': response.headers['etag'] });
    expect(JSON.parse(changed.body)).toMatchObject({ marketplaces: [{ marketplace: 'maestrano-uat' }] });
  });

  it('takes bodies as JSON of any media type and as forms, and rejects what is neither', async () => {
    await start();
    expect((await call('POST', '/api/v1/account/bills', bill)).status).toBe(200);
    const { id, key } = sandbox.options.marketplaces[0]?.api ?? { id: '', key: '' };
    const form = await sendRequest({
      method: 'POST',
      url: `${sandbox.url}/api/v1/account/bills`,
      headers: {
        authorization: `basic ${Buffer.from(`${id}:${key}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'group_id=cld-1&price_cents=2000&description=Test+charge&third_party=true&units=2',
    });
    expect(JSON.parse(form.body)).toMatchObject({ success: true, data: { third_party: true, units: 2 } });
    expect(await call('DELETE', '/api/v1/account/bills/bill-99')).toMatchObject({ status: 400 });
    expect(bills()).toBe(2);
  });

  it.each([
    [
      'responds with the status of a fault, with Retry-After',
      { status: 429, retryAfter: 3 },
      0,
      { status: 429, headers: { 'retry-after': '3' } },
    ],
    ['does the work and answers nothing', { empty: true }, 1, { status: 200, body: '' }],
    [
      'does the work and responds with another content type',
      { contentType: 'text/html' },
      1,
      { headers: { 'content-type': 'text/html' } },
    ],
    ['does the work and answers another body', { body: { success: true } }, 1, { body: '{"success":true}' }],
  ])('%s', async (_title, effect, count, expected) => {
    await start();
    sandbox.faults.next('POST account/bills', effect);
    expect(await call('POST', '/api/v1/account/bills', bill)).toMatchObject(expected);
    expect(bills()).toBe(count);
    expect(await call('POST', '/api/v1/account/bills', bill)).toMatchObject({ status: 200 });
  });

  it.each([
    ['resets the connection before the work', { reset: true }, 0],
    ['does the work and drops the connection', { applyThenDrop: true }, 1],
    ['does the work and breaks off in the middle', { truncated: true }, 1],
    ['does not answer at all', { hang: true }, 0],
  ])('%s', async (_title, effect, count) => {
    await start();
    sandbox.faults.next('POST account/*', effect);
    // Only silence has to be waited for.
    const patience = 'hang' in effect ? 2_000 : undefined;
    await expect(call('POST', '/api/v1/account/bills', bill, patience)).rejects.toThrow();
    expect(bills()).toBe(count);
    expect(sandbox.journal.find({ route: 'account/bills' })).toMatchObject([
      { fault: JSON.stringify(effect) },
    ]);
  });

  it('sends half a JSON text as if it were whole', async () => {
    await start();
    sandbox.faults.add({ part: 'account', group: 'cld-1', next: 1 }, { invalidJson: true });
    const response = await call('POST', '/api/v1/account/bills', bill);
    expect(response.status).toBe(200);
    expect(() => JSON.parse(response.body) as unknown).toThrow();
  });

  it('writes every exchange down without secrets', async () => {
    await start();
    await call('POST', '/api/v1/account/bills', bill);
    await call('GET', '/api/v1/account/users');
    const found = sandbox.journal.find({ method: 'POST', route: 'account/bills' });
    expect(found).toMatchObject([
      { status: 200, marketplace: 'maestrano-uat', direction: 'in', part: 'account' },
    ]);
    const everything = JSON.stringify(sandbox.journal.find());
    for (const user of sandbox.state.users) expect(everything).not.toContain(user.ssoSession);
    expect(everything).not.toContain(sandbox.marketplaces.get('maestrano-uat').apiKeys[0]);
    expect(everything).toContain('Basic app-1:[secret]');
  });

  it('reads filters of Connec! and pages through the response', async () => {
    await start();
    for (let number = 1; number <= 5; number++) {
      await call('POST', '/connec/api/v2/cld-2/people', {
        people: { first_name: `P${number}`, age: number * 10 },
      });
    }
    const query = new URLSearchParams({
      $filter: "age gte 20 and first_name ne 'P3'",
      $orderby: 'age desc',
      $top: '2',
    });
    const first = JSON.parse(
      (await call('GET', `/connec/api/v2/cld-2/people/?${query.toString()}`)).body,
    ) as {
      people: { first_name: string }[];
      pagination: { next: string; total: number };
    };
    expect(first.people.map((one) => one.first_name)).toEqual(['P5', 'P4']);
    expect(first.pagination).toMatchObject({ total: 3, skip: 0, top: 2 });
    const next = new URL(first.pagination.next);
    const second = JSON.parse((await call('GET', next.pathname + next.search)).body) as typeof first;
    expect(second.people.map((one) => one.first_name)).toEqual(['P2']);
    expect(second.pagination.next).toBeUndefined();
  });

  it('starts over on reset, with the same ids and keys', async () => {
    await start();
    const before = sandbox.options;
    await call('POST', '/api/v1/account/bills', bill);
    sandbox.marketplaces.rotateKey('maestrano-uat');
    sandbox.setAppUrl('http://app.example.test:1234/');
    sandbox.clock.advance('400d');
    sandbox.faults.preset('down');
    await sandbox.reset();
    // Whatever the machine's clock does between two looks at it.
    let ticks = Date.now();
    const ticking = jest.spyOn(Date, 'now').mockImplementation(() => (ticks += 1));
    expect(sandbox.clock.offsetMs).toBe(0);
    ticking.mockRestore();
    expect(sandbox.faults.list()).toEqual([]);
    expect(sandbox.journal.find()).toEqual([]);
    expect(bills()).toBe(0);
    expect(sandbox.state.appUrl).toBe('http://app.example.test:1234');
    expect(sandbox.options.marketplaces[0]?.api).toEqual(before.marketplaces[0]?.api);
  });
});

describe('starting a sandbox', () => {
  it('does not run in production', async () => {
    const environment = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      await expect(startSandbox()).rejects.toMatchObject({ code: 'sandbox.production' });
    } finally {
      process.env['NODE_ENV'] = environment;
    }
  });

  it('names the platforms when none is installed', async () => {
    const missing = (): never => {
      throw Object.assign(new Error('missing'), { code: 'ERR_MODULE_NOT_FOUND' });
    };
    await expect(installedPlatform([missing])).rejects.toBeInstanceOf(SandboxError);
  });

  it('rejects an unknown scenario and leaves nothing listening', async () => {
    await expect(startSandbox({ scenario: 'nope' as 'demo' })).rejects.toMatchObject({
      code: 'sandbox.scenario',
    });
  });

  it('runs several at once, each with its own data and the same seed the same ids', async () => {
    await using one = await startSandbox({ seed: 3 });
    await using two = await startSandbox({ seed: 3 });
    await using other = await startSandbox({ seed: 4 });
    expect(one.url).not.toBe(two.url);
    expect(one.developerPlatform.apiSecret).toBe(two.developerPlatform.apiSecret);
    expect(one.developerPlatform.apiSecret).not.toBe(other.developerPlatform.apiSecret);
  });

  it('leaves no handle behind, whatever was under way', async () => {
    const sockets = (): string[] =>
      process.getActiveResourcesInfo().filter((name) => /TCP|Pipe|Timeout/.test(name) && name !== 'PipeWrap');
    const before = sockets();
    const sandbox = await startSandbox();
    sandbox.faults.next('GET version', { hang: true });
    sandbox.faults.next('GET ping', { latency: '1h' });
    const hanging = sendRequest({ method: 'GET', url: `${sandbox.url}/version` });
    const waiting = sendRequest({ method: 'GET', url: `${sandbox.url}/api/v1/ping` });
    const failed = Promise.allSettled([hanging, waiting]);
    while (sandbox.journal.find({ route: 'version' }).length === 0) await new Promise(setImmediate);
    await sandbox.close();
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await new Promise(setImmediate);
    expect(sockets().length).toBeLessThanOrEqual(before.length);
  });

  it('follows a faked machine clock, and its own moves', async () => {
    fakeDate(new Date('2026-03-01T00:00:00Z'));
    try {
      await using sandbox = await startSandbox();
      expect(sandbox.clock.iso()).toBe('2026-03-01T00:00:00Z');
      sandbox.clock.advance('1d12h');
      expect(sandbox.clock.iso()).toBe('2026-03-02T12:00:00Z');
      sandbox.clock.freeze('2026-04-01T00:00:00Z');
      sandbox.clock.set('2026-05-01T00:00:00Z');
      expect(sandbox.clock.iso()).toBe('2026-05-01T00:00:00Z');
      expect(() => sandbox.clock.advance('soon')).toThrow(SandboxError);
    } finally {
      jest.useRealTimers();
    }
  });
});

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type Sandbox, startSandbox } from '../../../src/sandbox/index.js';

/** What an application heard of one request. */
interface Heard {
  readonly body: string;
  /** Whether the request came to its end. */
  readonly isWhole: boolean;
}

describe('deliveries that are planned, repeated and cut', () => {
  let server: Server;
  let sandbox: Sandbox;
  let appUrl: string;
  let responds: number;
  const heard: Heard[] = [];

  function hear(request: IncomingMessage): void {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('error', () => {});
    request.on('close', () => heard.push({ body, isWhole: request.complete }));
  }

  beforeAll(async () => {
    server = createServer((request, response) => {
      hear(request);
      response.on('error', () => {});
      request.on('end', () => response.writeHead(responds).end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    appUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  beforeEach(async () => {
    heard.length = 0;
    responds = 200;
    sandbox = await startSandbox({ appUrl });
  });

  afterEach(() => sandbox.close());

  const statuses = (): (number | null)[] => sandbox.webhooks.deliveries.map(({ status }) => status);

  async function later(span: string): Promise<void> {
    sandbox.clock.advance(span);
    await sandbox.webhooks.idle();
  }

  it('sends what failed again, as long after each attempt as was said, until it is taken', async () => {
    const { webhooks } = sandbox;
    webhooks.retryFailures(['1m', '5m', '30m']);
    responds = 500;
    const [first] = await webhooks.notify({ people: [] });
    expect(webhooks.planned).toMatchObject([{ repeats: first!.id }]);
    await later('30s');
    expect(statuses()).toEqual([500]);
    await later('31s');
    expect(statuses()).toEqual([500, 500]);
    responds = 200;
    await later('5m');
    expect(statuses()).toEqual([500, 500, 200]);
    expect(webhooks.planned).toEqual([]);
    expect(webhooks.deliveries.map(({ repeats }) => repeats)).toEqual([null, first!.id, first!.id]);
  });

  it('gives up after the last attempt, and sends nothing again by itself as it begins', async () => {
    const { webhooks } = sandbox;
    responds = 500;
    await webhooks.notify({ people: [] });
    expect(webhooks.planned).toEqual([]);
    webhooks.retryFailures(['1s', '1s']);
    await webhooks.notify({ people: [] });
    for (let turn = 0; turn < 5; turn += 1) await later('1m');
    expect(statuses()).toEqual([500, 500, 500, 500]);
    expect(webhooks.planned).toEqual([]);
  });

  it('waits by its clock: not while it stands still, and on time while it runs', async () => {
    const { webhooks, clock } = sandbox;
    clock.freeze();
    await webhooks.notify({ people: [] }, { times: 3, spacingMs: 60_000 });
    expect(statuses()).toEqual([200]);
    await later('61s');
    expect(statuses()).toEqual([200, 200]);
    clock.advance('59s');
    clock.unfreeze();
    await webhooks.idle();
    expect(statuses()).toEqual([200, 200, 200]);
    await webhooks.notify({ people: [] }, { times: 2, spacingMs: 30 });
    for (let look = 0; look < 500 && webhooks.planned.length > 0; look += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await webhooks.idle();
    expect(statuses()).toHaveLength(5);
  });

  it('forgets what is planned at a reset, and when it closes', async () => {
    const { webhooks } = sandbox;
    await webhooks.notify({ people: [] }, { times: 3, spacingMs: 60_000 });
    expect(webhooks.planned).toHaveLength(2);
    await sandbox.reset();
    expect(webhooks.planned).toEqual([]);
    await later('1h');
    expect(heard).toHaveLength(1);
    await expect(webhooks.notify({ people: [] }, { times: 1_002, spacingMs: 1_000 })).rejects.toMatchObject({
      code: 'sandbox.request',
    });
    expect(webhooks.planned).toHaveLength(1_000);
  });

  it('cuts the connection when the request is out, or after half of its body', async () => {
    const { webhooks } = sandbox;
    const entities = { people: [{ id: 'p-1', group_id: 'cld-1', first_name: 'Ann'.repeat(500) }] };
    const [early] = await webhooks.notify(entities, { cut: 'body' });
    expect(early).toMatchObject({ status: null, error: 'cut after half of the body, as was asked' });
    const [late] = await webhooks.notify(entities, { cut: 'response' });
    expect(late).toMatchObject({ status: null, error: 'cut before the response, as was asked' });
    const [removal] = await webhooks.deleteGroup('cld-9', { cut: 'body', onlySend: true });
    expect(removal).toMatchObject({ status: null });
    for (let look = 0; look < 500 && heard.length < 3; look += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const whole = JSON.stringify(entities);
    const [half] = heard.filter(({ isWhole }) => !isWhole);
    expect(half!.body.length).toBeLessThan(whole.length);
    expect(heard).toContainEqual({ body: whole, isWhole: true });
  });

  it('asks about a synchronization, starts it and turns it over, as the storefront does', async () => {
    const { webhooks } = sandbox;
    const [asked] = await webhooks.synchronization('status', 'cld-1');
    const [started] = await webhooks.synchronization('start', 'cld-1', { fullSync: true });
    const [turned] = await webhooks.synchronization('toggle', 'cld-1');
    const path = `${appUrl}/maestrano/maestrano-uat/synchronizations`;
    expect([asked, started, turned].map((one) => `${one!.method} ${one!.url}`)).toEqual([
      `GET ${path}/cld-1`,
      `POST ${path}`,
      `PUT ${path}/toggle_sync`,
    ]);
    expect([asked, started, turned].map((one) => one!.body)).toEqual([
      null,
      'group_id=cld-1&opts%5Bfull_sync%5D=true',
      'group_id=cld-1',
    ]);
    expect(started!.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(asked!.headers['authorization']).toMatch(/^Basic /);
  });
});

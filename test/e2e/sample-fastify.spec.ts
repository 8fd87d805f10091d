import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { freePort } from '../support/free-port.mjs';
import { lookAtSamplePages } from './sample-pages-look.js';

const redisUrl = process.env['TEST_REDIS_URL'];
const withRedis = redisUrl ? describe : describe.skip;

withRedis('sample 02: Fastify, two marketplaces, Redis, BullMQ, health, Swagger, CSRF and prefix', () => {
  let sandbox: Sandbox;
  let app: NestFastifyApplication;
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    sandbox = await startSandbox({ appUrl: url, host: 'localhost' });
    const { host, apiPath, apiKey, apiSecret } = sandbox.developerPlatform;
    Object.assign(process.env, {
      PORT: String(port),
      REDIS_URL: redisUrl,
      SESSION_SECRET: 'a secret of at least thirty-two characters',
      MNO_DEVPL_HOST: host,
      MNO_DEVPL_API_PATH: apiPath,
      MNO_DEVPL_ENV_KEY: apiKey,
      MNO_DEVPL_ENV_SECRET: apiSecret,
    });
    const { bootstrap } = await import('../../sample/02-fastify-marketplaces/src/bootstrap.js');
    app = await bootstrap(['error']);
  }, 60_000);

  afterAll(async () => {
    await app?.close();
    await sandbox?.close();
  });

  async function invoices(cookie: string): Promise<unknown> {
    const response = await fetch(`${url}/api/invoices`, { headers: { cookie } });
    return response.status === 200 ? response.json() : response.status;
  }

  it('signs in through each marketplace, and keeps their companies apart', async () => {
    const [first, second] = sandbox.marketplaces.list().map(({ name }) => name);
    const one = await sandbox.login(url, { marketplace: first!, user: 'usr-1', group: 'cld-1' });
    const two = await sandbox.login(url, { marketplace: second!, user: 'usr-1', group: 'cld-1' });
    expect(one.status).toBe(200);
    expect(two.status).toBe(200);
    const invoice = { id: 'inv-1', group_id: 'cld-1', code: 'INV-1', updated_at: '2026-11-21T10:00:00Z' };
    const [delivery] = await sandbox.webhooks.notify({ invoices: [invoice] }, { marketplace: first! });
    expect(delivery?.status).toBe(200);
    for (let attempt = 0; attempt < 100; attempt += 1) {
      if (JSON.stringify(await invoices(one.cookieHeader)).includes('"inv-1"')) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await invoices(one.cookieHeader)).toContainEqual(
      expect.objectContaining({ id: 'inv-1', code: 'INV-1' }),
    );
    expect(JSON.stringify(await invoices(two.cookieHeader))).not.toContain('inv-1');
  });

  it('shows what the books hold, and charges a reminder once, however often the button is pressed', async () => {
    const { cookieHeader: cookie } = await sandbox.login(url, { user: 'usr-1', group: 'cld-1' });
    const desk = async () => (await fetch(`${url}/desk`, { headers: { cookie } })).text();
    const page = await desk();
    expect(page).toContain('invoices wait to be paid');
    expect(page).toContain('INV-1003');
    const invoice = /name="invoice" value="([^"]+)"/.exec(page)![1]!;
    const { size } = sandbox.state.bills;
    for (let turn = 0; turn < 2; turn += 1) {
      const response = await fetch(`${url}/desk/remind`, {
        method: 'POST',
        headers: { cookie, origin: url },
        body: new URLSearchParams({ invoice }),
        redirect: 'manual',
      });
      expect(response.status).toBe(303);
      expect(response.headers.get('location')).toContain('/desk?reminded=');
    }
    expect(sandbox.state.bills.size).toBe(size + 1);
    expect(await desk()).toContain('reminded 20');
    const unknown = await fetch(`${url}/desk/remind`, {
      method: 'POST',
      headers: { cookie, origin: url },
      body: new URLSearchParams({ invoice: 'another company’s' }),
    });
    expect(unknown.status).toBe(404);
  });

  (chromiumPresent ? it : it.skip)(
    'has pages for every window and colour, for keys alone, and without a script',
    async () => {
      const browser = await launchChromium();
      try {
        const { cookieHeader: cookie } = await sandbox.login(url, { user: 'usr-1', group: 'cld-1' });
        await lookAtSamplePages(browser, { base: url, paths: ['/'], name: 'sample-02' });
        await lookAtSamplePages(browser, { base: url, paths: ['/desk'], cookie, name: 'sample-02' });
      } finally {
        await browser.close();
      }
    },
    120_000,
  );

  it('charges, and lets a company that cancels twice go without charging in the webhook', async () => {
    const { cookieHeader } = await sandbox.login(url, { user: 'usr-1', group: 'cld-1' });
    const response = await fetch(`${url}/api/invoices/reminders`, {
      method: 'POST',
      headers: { cookie: cookieHeader, origin: url },
    });
    expect(response.status).toBe(201);
    const { size } = sandbox.state.bills;
    const deliveries = await sandbox.webhooks.deleteGroup('cld-1', { times: 2 });
    expect(deliveries.map(({ status }) => status)).toEqual([200, 200]);
    expect(sandbox.state.bills.size).toBe(size);
    expect(await invoices(cookieHeader)).toBe(401);
  });

  it('denies a foreign site its own routes, and takes the identity provider from elsewhere', async () => {
    const foreign = await fetch(`${url}/api/invoices/reminders`, {
      method: 'POST',
      headers: { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' },
    });
    expect(foreign.status).toBe(403);
  });

  it('is healthy, and describes its own routes only', async () => {
    const health = (await (await fetch(`${url}/api/health`)).json()) as { status: string };
    expect(health.status).toBe('ok');
    const document = (await (await fetch(`${url}/docs-json`)).json()) as { paths: Record<string, unknown> };
    expect(Object.keys(document.paths).sort()).toEqual(['/api/invoices', '/api/invoices/reminders']);
  });

  it('tells the marketplace the paths it can use', async () => {
    const [first] = sandbox.marketplaces.list();
    const links = (await (await fetch(`${url}/api/sign-in`)).json()) as { url: string }[];
    expect(links).toHaveLength(2);
    const authorization = `Basic ${Buffer.from(`${first!.apiId}:${first!.apiKeys[0]}`).toString('base64')}`;
    const response = await fetch(`${url}/maestrano/metadata`, { headers: { authorization } });
    const metadata = (await response.json()) as { sso: { init_path: string } };
    expect(metadata.sso.init_path).toBe(first!.paths.init);
    for (const { name } of sandbox.marketplaces.list()) {
      expect(await sandbox.checkMetadata(name)).toMatchObject({ good: true });
    }
  });
});

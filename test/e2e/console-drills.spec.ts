import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { Browser } from 'playwright-core';

import { MaestranoBullmqModule } from '../../src/bullmq/index.js';
import { BillingService, ConnecHandler, MarketplaceLoader, MembershipService } from '../../src/index.js';
import { RedisStore } from '../../src/redis/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import {
  HomeController,
  testApplication,
  type TestApplication,
  type TestApplicationOptions,
} from '../support/application.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { consoleModule, losesResponse } from '../support/console.js';
import { freePort } from '../support/free-port.mjs';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { OnCall } from '../support/on-call.js';
import { darkPhoneFindings } from './sandbox-pages-browser.js';

const { TEST_REDIS_URL: REDIS_URL = '' } = process.env;
const withRedis = REDIS_URL === '' ? it.skip : it;
if (REDIS_URL === '')
  console.warn(
    'Skipping the drills of a poison notification and of a Redis that evicts: redis-server is not installed (Debian package: redis-server).',
  );

// Whoever has keys alone goes by every link and button before the one that is wanted.
jest.setTimeout(60_000);

let mended = false;

@Injectable()
class Listener {
  @ConnecHandler('invoices')
  onInvoice(): void {
    if (!mended) throw new Error('tax_code is empty');
  }
}

/** A Redis of two megabytes that evicts what was used longest ago. */
async function evictingRedis(): Promise<{ readonly redis: Redis; close(): Promise<void> }> {
  const port = await freePort();
  const limits = [
    '--maxmemory',
    '2mb',
    '--maxmemory-policy',
    'allkeys-lru',
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', ...limits], {
    stdio: 'ignore',
  });
  const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  return {
    redis,
    close: async () => {
      redis.disconnect();
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

(chromiumPresent ? describe : describe.skip)('an incident, through the pages of the console alone', () => {
  let browser: Browser;
  let sandbox: Sandbox;
  let app: TestApplication | null = null;
  let onCall: OnCall;
  let name: string;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  beforeEach(async () => {
    sandbox = await startSandbox();
    name = sandbox.marketplaces.list()[0]!.name;
    const extraHTTPHeaders = { 'x-staff': 'Ines Okafor=view,replay,money' };
    onCall = new OnCall(await browser.newPage({ extraHTTPHeaders, viewport: { width: 1280, height: 900 } }));
  });
  afterEach(async () => {
    // Where a drill ends is read on a telephone at night as well.
    const look = await darkPhoneFindings(onCall.page);
    await onCall.page.close();
    await app?.close();
    app = null;
    await sandbox.close();
    expect(look).toEqual({ wider: 0, found: [] });
  });
  afterAll(() => browser?.close());

  async function boot(more: TestApplicationOptions = {}): Promise<TestApplication> {
    app = await testApplication({
      sandbox,
      ...more,
      controllers: [HomeController],
      options: {
        ...(more.options?.marketplaces ? {} : { developerPlatform: sandbox.developerPlatform }),
        http: { backoffMs: 10 },
        ...more.options,
      },
      imports: [consoleModule(), ...(more.imports ?? [])],
    });
    return app;
  }
  const consoleOf = ({ url }: TestApplication): string => `${url}/maestrano/console`;
  const login = async ({ url }: TestApplication): Promise<number> =>
    (await sandbox.login(url, { user: 'usr-1', group: 'cld-1' })).status;

  it('a key was rotated without notice: found, and mended by fetching the configuration', async () => {
    const booted = await boot();
    await sandbox.marketplaces.rotateCertificate(name, { overlap: false });
    for (let n = 0; n < 3; n += 1) await login(booted);
    await onCall.begin(consoleOf(booted), 'People locked out');
    await onCall.follow('Why');
    await onCall.sees('sso.signature', 'signs with a key that we do not know yet');
    await onCall.follow('fetch the configuration');
    await onCall.press('Fetch the configuration now');
    await onCall.sees(`${name} has another certificate`);
    expect(await login(booted)).toBeLessThan(400);
  });

  it('a certificate expired: the page says which, and what to do', async () => {
    await sandbox.marketplaces.rotateCertificate(name, {
      overlap: false,
      notAfter: new Date(Date.now() - 86_400_000),
    });
    const booted = await boot();
    await onCall.begin(consoleOf(booted), 'Certificate expired');
    await onCall.follow('What to do');
    await onCall.sees(
      'Expired',
      name,
      'Sign-ins go on',
      `ask ${name} for the certificate`,
      'then fetch the configuration here',
    );
  });

  withRedis('a notification is poison: found, mended elsewhere, sent again by keys alone', async () => {
    onCall.hasKeysOnly = true;
    mended = false;
    const options = { marketplaces: [marketplaceInput('acme')] };
    const prefix = `t-${randomUUID()}`;
    const queue = MaestranoBullmqModule.forRoot({ connection: REDIS_URL, prefix, backoffMs: 1, attempts: 2 });
    const booted = await boot({ options, imports: [queue], providers: [Listener] });
    const invoice = { id: 'i-1', group_id: 'cld-1', updated_at: '2026-01-01T00:00:00Z' };
    await fetch(`${booted.url}/maestrano/connec/notifications/acme`, {
      method: 'POST',
      headers: { authorization: basicOf('acme'), 'content-type': 'application/json' },
      body: JSON.stringify({ invoices: [invoice] }),
    });
    await onCall.begin(consoleOf(booted), 'Error in Listener.onInvoice');
    await onCall.follow('Look at them');
    await onCall.follow('1 invoice');
    await onCall.sees('Error in Listener.onInvoice', 'What to do');
    mended = true;
    await onCall.follow('Send again…');
    await onCall.press('Send 1 again');
    await onCall.sees('1 of 1 sent again');
  });

  it('a charge is undecided: settled beside what the marketplace has, by keys alone', async () => {
    onCall.hasKeysOnly = true;
    const booted = await boot({
      options: {
        account: { createOnce: { deadlineMs: 3_000, settleMs: 0 } },
        http: { backoffMs: 10, breaker: false },
      },
    });
    const { bills } = booted.app.get(BillingService, { strict: false }).for(name);
    const bill = { groupId: 'cld-1', priceCents: 2_000, description: 'SMS credits', currency: 'AUD' };
    await losesResponse(sandbox, () => bills.createOnce('sms/1', bill));
    await onCall.begin(consoleOf(booted), 'Charge undecided');
    await onCall.follow('Decide…');
    await onCall.sees('Was cld-1 charged 20.00 AUD?', 'Fits best', 'SMS credits');
    await onCall.follow('This one is it…');
    await onCall.press('Settle as');
    await onCall.sees('Settled: sms/1 stands for');
    expect(await bills.createOnce('sms/1', bill)).toMatchObject({ priceCents: 2_000 });
  });

  it('a marketplace is away: the page says that nothing can be done here', async () => {
    const booted = await boot({
      options: { http: { backoffMs: 1, breaker: { failures: 2, openForMs: 60_000 } } },
    });
    sandbox.faults.preset('down', { part: 'account' });
    const { groups } = booted.app.get(MembershipService, { strict: false }).for(name);
    for (let n = 0; n < 3; n += 1) await groups.list().catch(() => undefined);
    await onCall.begin(consoleOf(booted), 'are stopped');
    await onCall.follow('What to do');
    await onCall.sees(`of "${name}" are stopped`, 'nothing can be done here');
  });

  withRedis('Redis evicts: the page says which setting to change, and is content once it is', async () => {
    const { redis, close } = await evictingRedis();
    try {
      const store = new RedisStore(redis);
      const value = 'x'.repeat(20_000);
      for (let n = 0; n < 200; n += 1) await store.set(`filler:${n}`, value, 600_000);
      expect(await redis.info('stats')).toMatch(/evicted_keys:[1-9]/);
      const booted = await boot({ options: { store } });
      await onCall.begin(consoleOf(booted), 'Redis may evict keys');
      await onCall.follow('What to do');
      await onCall.sees('allkeys-lru', 'set maxmemory-policy to noeviction');
      await redis.config('SET', 'maxmemory-policy', 'noeviction');
      await redis.flushall();
      await onCall.begin(consoleOf(booted), 'Nothing needs you');
      await app?.close();
      app = null;
    } finally {
      await close();
    }
  });

  it('two marketplaces have one key: the page names both', async () => {
    const api = { id: 'app-shared', key: 'key-that-two-marketplaces-have' };
    const marketplaces = [marketplaceInput('north', { api }), marketplaceInput('south', { api })];
    const booted = await boot({ options: { marketplaces } });
    await onCall.begin(consoleOf(booted), 'has the same id and key');
    await onCall.follow('What to do');
    await onCall.sees(
      'north',
      'south',
      'Use the credentials that the developer platform shows for each marketplace',
    );
  });

  it('a clock is wrong: the page says whose, and by how much', async () => {
    const booted = await boot();
    sandbox.faults.add({ part: 'idp' }, { clockOffset: '-20m' });
    await login(booted);
    await onCall.begin(consoleOf(booted), 'Nobody got in on this marketplace since');
    await onCall.follow('Why');
    await onCall.sees('s behind ours', 'Compare both with a time server');
  });

  it('a company left: the page says since when', async () => {
    const booted = await boot();
    await login(booted);
    await sandbox.webhooks.deleteGroup('cld-1');
    await onCall.begin(consoleOf(booted), 'Nothing needs you');
    await onCall.follow('Sessions');
    await onCall.page.getByLabel('Company').fill('cld-1');
    await onCall.press('End sessions…');
    await onCall.sees('This company left', 'its notifications are dropped');
  });

  it('the configuration cannot be read any more: the page says which source, and that the old one stays in force', async () => {
    const booted = await boot();
    sandbox.faults.preset('down', { part: 'platform' });
    const loader = booted.app.get(MarketplaceLoader, { strict: false });
    for (let n = 0; n < 2; n += 1) await loader.refresh();
    await onCall.begin(consoleOf(booted), 'Old configuration');
    await onCall.follow('What to do');
    await onCall.sees('developer-platform', 'stays in force');
  });
});

import { createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { MaestranoHealthIndicator, MaestranoStore, MarketplaceRegistry } from '../../src/index.js';
import { RedisStore } from '../../src/redis/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { basicAuthHeader } from '../../src/testing/basic-auth-header.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { type BootedApp, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { bootSsoApp } from './sso-app.js';

const TIMEOUT_MS = 300;
/** What a caller may wait: a few calls of the store one after the other. */
const PATIENCE_MS = 5_000;

/** A store that can go away, in the two ways that stores have. */
class LeavingStore extends MemoryStore {
  away: 'no' | 'hangs' | 'fails' = 'no';

  protected override waitFor<T>(call: object | undefined, work: () => Promise<T>): Promise<T> {
    if (this.away === 'hangs') return new Promise<never>(() => undefined);
    if (this.away === 'fails') return Promise.reject(new Error('ECONNRESET'));
    return super.waitFor(call, work);
  }

  override ping(): Promise<void> {
    return this.waitFor(undefined, () => Promise.resolve());
  }
}

const marketplaceOf = ({ app }: BootedApp) => app.get(MarketplaceRegistry).list()[0]!;

describe.each(HTTP_ADAPTERS)('a store that is away, on %s', (httpAdapter) => {
  describe.each(['hangs', 'fails'] as const)('and %s', (how) => {
    const store = new LeavingStore();
    let sandbox: Sandbox;
    let app: BootedApp;
    let cookie: string;

    const boot = (graceMs: number) =>
      bootSsoApp(httpAdapter, sandbox, {
        options: {
          store,
          storeTimeoutMs: TIMEOUT_MS,
          session: { secret: 'a secret of more than thirty-two characters', graceMs },
        },
      });
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(app.url + path, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS), ...init });
    const page = { headers: { accept: 'text/html' } };

    beforeAll(async () => {
      sandbox = await startSandbox();
      app = await boot(600_000);
      const { browser } = await sandbox.login(app.url, { params: { return_to: '/me' } });
      cookie = browser.jar.header(new URL(app.url));
      store.away = how;
    });
    afterAll(async () => {
      store.away = 'no';
      await app.close();
      await sandbox.close();
    });

    it('begins no login: 503 with Retry-After, for browsers with a page', async () => {
      const forBrowsers = await ask(marketplaceOf(app).sso.initPath, page);
      expect([forBrowsers.status, forBrowsers.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await forBrowsers.text()).toContain('try again in a few seconds');
      const forPrograms = await ask(marketplaceOf(app).sso.initPath);
      expect([forPrograms.status, await forPrograms.json()]).toMatchObject([
        503,
        { code: 'store.unavailable' },
      ]);
    });

    it('acknowledges no webhook', async () => {
      const marketplace = marketplaceOf(app);
      const headers = { authorization: basicAuthHeader(marketplace) };
      const response = await ask(`/maestrano/account/groups/cld-1/${marketplace.name}`, {
        method: 'DELETE',
        headers,
      });
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await response.json()).toMatchObject({ code: 'store.unavailable' });
    });

    it('keeps valid sessions for the time of grace, counts them, and says so in health', async () => {
      for (let visit = 0; visit < 3; visit += 1)
        expect((await ask('/me', { headers: { cookie } })).status).toBe(200);
      const { maestrano } = await app.app.get(MaestranoHealthIndicator).check();
      expect(maestrano.status).toBe('down');
      expect(maestrano.warnings).toEqual([expect.stringContaining('removals cannot be looked up')]);
      expect(maestrano['sessions']).toMatchObject({ lookUpsPassedOver: 3 });
    });

    it('and no longer than that: 503 with Retry-After, for browsers with a page', async () => {
      store.away = 'no';
      await app.close();
      app = await boot(0);
      store.away = how;
      const data = await ask('/me', { headers: { cookie } });
      expect([data.status, data.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await data.json()).toMatchObject({ statusCode: 503, code: 'store.unavailable' });
      const visit = await ask('/me', { headers: { cookie, ...page.headers } });
      expect([visit.status, visit.headers.get('retry-after')]).toEqual([503, '5']);
      expect(visit.headers.get('location')).toBeNull();
      expect(visit.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(visit.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(visit.headers.get('cache-control')).toBe('no-store');
      expect(await visit.text()).toMatch(/^<!doctype html>.*try again in a few seconds.*store\.unavailable/s);
      const head = await ask('/me', { method: 'HEAD', headers: { cookie, ...page.headers } });
      expect([head.status, head.headers.get('retry-after')]).toEqual([503, '5']);
      store.away = 'no';
      // It is asked once a second while it is away.
      await pause(1_100);
      expect((await ask('/me', { headers: { cookie } })).status).toBe(200);
    });
  });
});

describe('Redis with a client as guides make it', () => {
  let silent: Server;
  const sockets = new Set<{ destroy(): void }>();
  beforeAll(async () => {
    silent = createServer((socket) => sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it.each(['refuses connections', 'accepts and says nothing'])(
    'that %s keeps nobody waiting',
    async (how) => {
      const port = how.startsWith('refuses') ? 1 : (silent.address() as { port: number }).port;
      const redis = new Redis(port, '127.0.0.1');
      redis.on('error', () => undefined);
      const sandbox = await startSandbox();
      const app = await bootSsoApp('express', sandbox, {
        options: { store: new RedisStore(redis, { closeConnection: true }), storeTimeoutMs: TIMEOUT_MS },
      });
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const response = await fetch(app.url + marketplaceOf(app).sso.initPath, { redirect: 'manual', signal });
      expect(response.status).toBe(503);
      const started = performance.now();
      await app.close();
      expect(performance.now() - started).toBeLessThan(PATIENCE_MS);
      expect(app.app.get(MaestranoStore)).toBeDefined();
      await sandbox.close();
    },
  );
});

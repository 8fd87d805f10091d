import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type Browser, chromium } from 'playwright-core';

import { keyPair } from '../../src/sandbox/keys/key-pairs.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { MeController, testModule } from '../support/application.js';
import { CHROMIUM, chromiumPresent } from '../support/chromium.js';
import { freePort } from '../support/free-port.mjs';
import { HTTP_ADAPTERS, type HttpAdapterName } from '../support/http-adapters.js';
import { filledIn, RECIPES } from '../support/recipes.js';

const NGINX = '/usr/sbin/nginx';
const HOST = 'app.example.com';
const present = existsSync(NGINX);
if (!present)
  console.warn(`Skipping the recipe of nginx: ${NGINX} is missing (Debian package: nginx-light).`);
const behindNginx = present && chromiumPresent ? describe : describe.skip;

/** The application as the recipe wants it: it trusts one proxy. */
async function application(httpAdapter: HttpAdapterName, sandbox: Sandbox): Promise<INestApplication> {
  const root = testModule({
    sandbox,
    options: {
      webhooks: { lockout: { failures: 2 } },
      sso: { homeUrl: '/me' },
    },
    controllers: [MeController],
  });
  const adapter =
    httpAdapter === 'fastify' ? new FastifyAdapter({ trustProxy: '127.0.0.1' }) : new ExpressAdapter();
  const app = await NestFactory.create(root as never, adapter, {
    logger: false,
    abortOnError: false,
    forceCloseConnections: true,
  });
  if (httpAdapter === 'express') (app as NestExpressApplication).set('trust proxy', 1);
  await app.listen(0, '127.0.0.1');
  return app;
}

behindNginx.each(HTTP_ADAPTERS)(
  'an application on %s behind nginx, as the recipe configures it',
  (httpAdapter) => {
    let folder: string;
    let sandbox: Sandbox;
    let app: INestApplication;
    let nginx: ChildProcess;
    let browser: Browser;
    let [https, http] = [0, 0];
    let complaints = '';

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-nginx-'));
      // nginx' workers may run as somebody else.
      chmodSync(folder, 0o755);
      sandbox = await startSandbox({ appUrl: `https://${HOST}`, host: 'localhost' });
      app = await application(httpAdapter, sandbox);
      [https, http] = [await freePort(), await freePort()];
      const { privateKey, certificate } = await keyPair(98, { commonName: HOST });
      const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
      writeFileSync(cert, certificate);
      writeFileSync(key, privateKey, { mode: 0o600 });
      const recipe = filledIn(RECIPES.find(({ language }) => language === 'nginx')!.text, [
        ['server 127.0.0.1:3000;', `server ${new URL(await app.getUrl()).host};`],
        ['listen 443 ssl;', `listen 127.0.0.1:${https} ssl;`],
        ['listen 80;', `listen 127.0.0.1:${http};`],
        ['/etc/ssl/app.example.com.pem', cert],
        ['/etc/ssl/app.example.com.key', key],
      ]);
      // What Debian's own nginx.conf says around it, in a folder of the test.
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${join(folder, name)};`,
      );
      const file = join(folder, 'nginx.conf');
      writeFileSync(
        file,
        `daemon off; worker_processes 1; pid ${join(folder, 'nginx.pid')}; error_log stderr warn;
events {}
http { access_log off; ${temporary.join(' ')}
${recipe}
}
`,
      );
      nginx = spawn(NGINX, ['-p', folder, '-c', file, '-e', 'stderr'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      nginx.stderr?.on('data', (text: Buffer) => (complaints += text.toString()));
      await listening(https);
      browser = await chromium.launch({
        ...CHROMIUM,
        args: [...CHROMIUM.args, `--host-resolver-rules=MAP ${HOST}:443 127.0.0.1:${https}`],
      });
    }, 60_000);

    afterAll(async () => {
      await browser?.close();
      if (nginx?.exitCode === null) {
        const gone = once(nginx, 'exit');
        nginx.kill('SIGTERM');
        await gone;
      }
      await app?.close();
      await sandbox?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    async function listening(port: number): Promise<void> {
      for (let turn = 0; turn < 100; turn += 1) {
        if (nginx.exitCode !== null) throw new Error(`nginx ended: ${complaints}`);
        const socket = connect(port, '127.0.0.1');
        const isThere = await Promise.race([
          once(socket, 'connect').then(() => true),
          once(socket, 'error').then(() => false),
        ]).catch(() => false);
        socket.destroy();
        if (isThere) return;
        await pause(50);
      }
      throw new Error(`nginx does not listen: ${complaints}`);
    }

    const marketplace = () => sandbox.marketplaces.list()[0]!;

    /** A request to the public name, from one of this machine's addresses. */
    async function ask(path: string, from: string, headers: Readonly<Record<string, string>> = {}) {
      const asked = request({
        host: '127.0.0.1',
        port: https,
        servername: HOST,
        localAddress: from,
        path,
        headers: { host: HOST, ...headers },
        rejectUnauthorized: false,
        agent: false,
      });
      asked.end();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      return { status: response.statusCode ?? 0, body: await text(response) };
    }

    it('signs people in with cookies that travel on TLS alone', async () => {
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      const page = await context.newPage();
      await page.goto(`https://${HOST}${marketplace().paths.init}`);
      await page.getByRole('link', { name: /usr-1/ }).first().click();
      await page.waitForURL(`https://${HOST}/me`);
      expect(JSON.parse(await page.locator('body').innerText())).toMatchObject({ user: 'usr-1' });
      const cookies = (await context.cookies()).filter(({ domain }) => domain === HOST);
      expect(cookies.length).toBeGreaterThan(0);
      expect(cookies.filter(({ secure, httpOnly }) => !secure || !httpOnly)).toEqual([]);
      await context.close();
    }, 60_000);

    /** The marketplace reads the metadata, saying that it comes from somewhere else than it does. */
    function metadata(from: string, password = marketplace().apiKeys[0]) {
      const authorization = `Basic ${Buffer.from(`${marketplace().apiId}:${password}`).toString('base64')}`;
      return ask('/maestrano/metadata', from, { authorization, 'x-forwarded-for': '10.0.0.1' });
    }

    it('tells the marketplace addresses of the public name', async () => {
      const { status, body } = await metadata('127.0.0.1');
      expect(status).toBe(200);
      expect(body).toContain(`"https://${HOST}"`);
      expect(body).not.toContain(new URL(await app.getUrl()).host);
    });

    it('knows clients by their own addresses, whatever they say of themselves', async () => {
      for (let turn = 0; turn < 2; turn += 1) expect((await metadata('127.0.0.5', 'wrong')).status).toBe(401);
      // Locked out: the right key does not help any more, and nobody else is meant.
      expect((await metadata('127.0.0.5')).status).toBe(401);
      expect((await metadata('127.0.0.6')).status).toBe(200);
    });

    it('sends plain HTTP to TLS, and limits how often one address may begin a login', async () => {
      const plain = requestHttp({
        host: '127.0.0.1',
        port: http,
        path: '/me?a=b',
        headers: { host: HOST },
      }).end();
      const [{ statusCode, headers }] = (await once(plain, 'response')) as [IncomingMessage];
      expect([statusCode, headers.location]).toEqual([301, `https://${HOST}/me?a=b`]);
      plain.destroy();
      const begun = await Promise.all(
        Array.from({ length: 30 }, () => ask(marketplace().paths.init, '127.0.0.7')),
      );
      const limited = begun.filter(({ status }) => status === 503).length;
      expect(limited).toBeGreaterThanOrEqual(8);
      expect(begun.filter(({ status }) => status < 400).length).toBeGreaterThanOrEqual(20);
      expect((await ask(marketplace().paths.init, '127.0.0.8')).status).toBeLessThan(400);
    });
  },
);

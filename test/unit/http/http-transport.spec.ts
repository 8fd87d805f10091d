import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { HttpAttempt } from '../../../src/http/http-attempt.js';
import { toVisibleRequest } from '../../../src/http/http-messages.js';
import { HttpTransport } from '../../../src/http/http-transport.js';
import type { HttpCall } from '../../../src/http/http.types.js';
import { closeHttpClients, httpClient } from '../../support/http-client.js';
import { settingsOf } from '../../support/settings.js';
import { target as targetAt } from './calls.js';
import { ScriptedServer } from './scripted-server.js';

const CALL = { method: 'GET', path: '/', operation: 'GET /', attempts: 1 } as const;

const openssl = spawnSync('openssl', ['version']).status === 0;
if (!openssl) console.warn('Skipping the TLS tests (Debian package: openssl).');

(openssl ? describe : describe.skip)('TLS', () => {
  let server: Server;
  let certificate: string;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-tls-'));
    const [key, crt] = [join(folder, 'key.pem'), join(folder, 'crt.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const parameters = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      crt,
      '-days',
      '2',
    ];
    execFileSync('openssl', [...parameters, ...subject], { stdio: 'ignore' });
    certificate = readFileSync(crt, 'utf8');
    server = createServer({ key: readFileSync(key), cert: certificate }, (_request, response) =>
      response.end('{}'),
    );
    await new Promise<void>((resolve) => server.listen(0, resolve));
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  async function call(host: string, ca?: string): Promise<unknown> {
    const http = httpClient({ ca });
    const origin = `https://${host}:${(server.address() as AddressInfo).port}`;
    const outcome = await http.request(targetAt(origin), CALL).catch((error: unknown) => error);
    await closeHttpClients();
    return outcome;
  }

  it('verifies the certificate, also where the environment says not to', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      expect(await call('localhost')).toMatchObject({ code: 'http.tls', sent: 'no', attempts: 1 });
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  it('takes a private authority, for its own names only', async () => {
    expect(await call('localhost', certificate)).toMatchObject({ status: 200 });
    expect(await call('127.0.0.1', certificate)).toMatchObject({ code: 'http.tls', sent: 'no' });
  });
});

describe('HttpTransport', () => {
  const transports: HttpTransport[] = [];
  afterEach(() => Promise.all(transports.splice(0).map((transport) => transport.close(1_000))));

  function open(): HttpTransport {
    const transport = new HttpTransport(settingsOf().http, { error: () => undefined });
    transports.push(transport);
    return transport;
  }

  function send(transport: HttpTransport, url: string, call: HttpCall, attempt = new HttpAttempt(1_000)) {
    const target = targetAt(url);
    return transport.send(target, call, toVisibleRequest(target, call), attempt);
  }

  it('keeps connections of servers in use, and nothing of idle ones', async () => {
    const servers = await Promise.all([1, 2, 3].map(() => new ScriptedServer().start()));
    const transport = open();
    for (const { url } of servers) await send(transport, url, CALL);
    expect(transport.openOrigins).toBe(3);
    await servers[0]!.stop();
    for (let i = 0; i < 200 && transport.openOrigins > 2; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(transport.openOrigins).toBe(2);
    await transport.close(1_000);
    await Promise.all(servers.slice(1).map((server) => server.stop()));
  });

  it('never writes a request that was given up before it had a connection', async () => {
    const server = await new ScriptedServer().start();
    const attempt = new HttpAttempt(1_000);
    const transport = open();
    const sending = send(transport, server.url, { ...CALL, method: 'POST', body: {} }, attempt);
    attempt.fail('timeout');
    expect(await sending).toMatchObject({ kind: 'timeout', sent: 'no' });
    await transport.close(1_000);
    expect(server.seen).toHaveLength(0);
    await server.stop();
  });
});

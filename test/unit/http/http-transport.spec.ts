import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { HttpAttemptExchange } from '../../../src/http/http-attempt.js';
import { HttpTransport } from '../../../src/http/http-transport.js';
import { MaestranoHttp } from '../../../src/http/maestrano-http.service.js';
import { ScriptedServer } from './scripted-server.js';
import { settingsOf } from '../../support/settings.js';

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
    const http = new MaestranoHttp(settingsOf({ http: { ca } }).http);
    const origin = `https://${host}:${(server.address() as AddressInfo).port}`;
    const target = { name: 'acme', service: 'account', origin, credentials: null } as const;
    const outcome = await http.request(target, CALL).catch((error: unknown) => error);
    await http.onApplicationShutdown();
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
  it('keeps connections of servers in use, and nothing of idle ones', async () => {
    const servers = await Promise.all([1, 2, 3].map(() => new ScriptedServer().start()));
    const transport = new HttpTransport(null);
    for (const { url } of servers) {
      const request = { origin: url, path: '/', method: 'GET', headers: {}, body: null } as const;
      await transport.send(request, new HttpAttemptExchange(1_000));
    }
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
    const transport = new HttpTransport(null);
    const exchange = new HttpAttemptExchange(1_000);
    const request = { origin: server.url, path: '/', method: 'POST', headers: {}, body: '{}' } as const;
    const sending = transport.send(request, exchange).catch((error: unknown) => error);
    exchange.fail('timeout');
    expect(await sending).toMatchObject({ kind: 'timeout', sent: 'no' });
    await transport.close(1_000);
    expect(server.seen).toHaveLength(0);
    await server.stop();
  });
});

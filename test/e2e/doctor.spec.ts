import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as forward, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { CliIo } from '../../src/cli/cli-io.js';
import type { Finding } from '../../src/cli/doctor/finding.js';
import { maestranoRoutes } from '../../src/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { freePort } from '../support/free-port.mjs';
import { type TestApplication, testApplication } from '../support/application.js';
import { commandLine } from '../support/command-line.js';

const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
let sandbox: Sandbox;
let booted: TestApplication;

function boot(port: number, prefix?: string): Promise<TestApplication> {
  return testApplication({
    port,
    ...(prefix ? { prefix } : {}),
    registration: 'forRootAsync',
    options: { developerPlatform: sandbox.developerPlatform },
    prepare: (app) => void app.enableCsrfProtection({ exclude: maestranoRoutes() }),
  });
}

beforeAll(async () => {
  const port = await freePort();
  sandbox = await startSandbox({ appUrl: `http://127.0.0.1:${port}` });
  booted = await boot(port);
});
afterAll(async () => {
  await booted.close();
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly findings: Finding[];
}

function platformEnv(): CliIo['env'] {
  const { host, apiPath, apiKey, apiSecret } = sandbox.developerPlatform;
  return {
    MNO_DEVPL_HOST: host,
    MNO_DEVPL_API_PATH: apiPath,
    MNO_DEVPL_ENV_KEY: apiKey,
    MNO_DEVPL_ENV_SECRET: apiSecret,
  };
}

async function doctor(argv: string[], env: CliIo['env'] = platformEnv()): Promise<Outcome> {
  const outcome = await commandLine(['doctor', ...argv], { env, cwd: folder });
  const { out } = outcome;
  return { ...outcome, findings: argv.includes('--json') && out ? (JSON.parse(out) as Finding[]) : [] };
}

/** Findings that are not fine, as short lines. */
const troubles = ({ findings }: Outcome): string[] =>
  findings
    .filter(({ level }) => level !== 'ok')
    .map(({ level, subject, message }) => `${level} ${subject}: ${message}`);

describe('doctor', () => {
  it('finds nothing wrong with a good integration', async () => {
    const outcome = await doctor(['--json']);
    expect(troubles(outcome)).toEqual([]);
    expect(outcome.code).toBe(0);
    const subjects = outcome.findings.map(({ subject }) => subject);
    expect(new Set(subjects)).toEqual(
      new Set([
        'configuration',
        'certificate',
        'libraries',
        'account',
        'sso',
        'connec',
        'route',
        'notification',
        'metadata',
        'tabs',
      ]),
    );
    expect(outcome.out).not.toContain(sandbox.marketplaces.list()[0]!.apiKeys[0]!);
    expect(subjects.filter((subject) => subject === 'route')).toHaveLength(2 * 7);
  });

  it('reads the developer platform from .env, as the application does', async () => {
    const file = join(folder, '.env');
    writeFileSync(
      file,
      Object.entries(platformEnv())
        .map(([name, value]) => `${name}="${value}"\n`)
        .join(''),
    );
    const outcome = await doctor(['--json'], {});
    rmSync(file);
    expect(troubles(outcome)).toEqual([]);
    expect(outcome.code).toBe(0);
  });

  it('does nothing to the application', async () => {
    sandbox.journal.clear();
    await doctor([]);
    expect(booted.groups.calls).toEqual([]);
    expect(booted.users.calls).toEqual([]);
  });

  it('reports each finding with its remedy, in words', async () => {
    const { out, code } = await doctor(['--app-url', 'http://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(out).toMatch(
      /ERROR {4}\S+ route: http:\/\/127\.0\.0\.1:1 is not reachable \(http\.connection\)\n +-> Start the application/,
    );
    expect(out).toMatch(/\d+ ok, 0 warnings, 2 errors\n$/);
  });

  it('sees routes that a global prefix moved away', async () => {
    const port = await freePort();
    const moved = await boot(port, 'api');
    try {
      const outcome = await doctor(['--json', '--app-url', moved.url]);
      expect(troubles(outcome)).toContainEqual(
        expect.stringMatching(
          /^error route: login: GET \/maestrano\/auth\/saml\/init\/\S+ responds 404 instead of 302/,
        ),
      );
    } finally {
      await moved.close();
    }
  });

  it('sees a wrong key, a server that is away, and a configuration the application does not have', async () => {
    const [document] = sandbox.options.marketplaces;
    const wrong = {
      ...document,
      api: { ...document!.api, key: 'wrong', keys: undefined },
      connec: { ...document!.connec, host: 'http://127.0.0.1:1' },
      sso: { ...document!.sso, init_path: '/maestrano/auth/saml/init' },
    };
    writeFileSync(join(folder, 'wrong.json'), JSON.stringify(wrong));
    const outcome = await doctor(['--json', '--config', 'wrong.json'], {});
    expect(troubles(outcome)).toEqual([
      expect.stringMatching(/^error account: http\S+ rejects our API id and key \(401\)$/),
      'error connec: http://127.0.0.1:1 is not reachable (http.connection)',
      'error route: login: GET /maestrano/auth/saml/init responds 404 instead of 302 or 303',
      'error route: login: HEAD /maestrano/auth/saml/init responds 404 instead of 302 or 303',
      expect.stringMatching(/^error notification: a notification of nothing to \S+ is not taken \(401\)$/),
      expect.stringMatching(/^warning metadata: \S+ cannot be read \(401\)$/),
    ]);
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    [
      'a proxy that drops cookies',
      (response) => response.removeHeader('set-cookie'),
      /^error tabs: of 8 logins begun at once in one browser, 0 left a cookie$/,
    ],
    [
      'a proxy that rewrites cookies',
      (response) => {
        const cookies = [response.getHeader('set-cookie') ?? []].flat().map(String);
        response.setHeader(
          'set-cookie',
          cookies.map((cookie) => cookie.replace('SameSite=None', 'SameSite=Lax')),
        );
      },
      /^error tabs: the cookie of a begun login is not Secure and SameSite=None any more/,
    ],
    [
      'a cache',
      (response) => {
        response.setHeader('location', 'https://idp.example.com/?SAMLRequest=old');
      },
      /^error tabs: \S+ gave 8 browsers 1 logins: a cache responds for the application$/,
    ],
  ])('sees %s before the sign-in', async (_what, change, expected) => {
    const proxy = createServer((request, response) => {
      const { method, headers, url } = request;
      const onward = forward(booted.url + url, { method, headers }, (answer) => {
        response.statusCode = answer.statusCode ?? 502;
        for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value ?? '');
        if (url?.includes('/init/')) change(response);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = proxy.address() as AddressInfo;
      const outcome = await doctor(['--json', '--app-url', `http://127.0.0.1:${port}`]);
      expect(troubles(outcome)).toEqual([expect.stringMatching(expected), expect.stringMatching(expected)]);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('compares the metadata with the configuration', async () => {
    const [document] = sandbox.options.marketplaces;
    const other = { ...document, sso: { ...document!.sso, init_path: `${document!.sso.init_path}?x=1` } };
    writeFileSync(join(folder, 'other.json'), JSON.stringify(other));
    const outcome = await doctor(['--json', '--config', 'other.json'], {});
    expect(troubles(outcome)).toContainEqual(
      expect.stringMatching(/^error metadata: sso\.init_path is "\S+" in the application and "\S+\?x=1"/),
    );
  });

  it('measures the clocks', async () => {
    const real = Date.now;
    Date.now = () => real() + 300_000;
    try {
      const outcome = await doctor(['--json']);
      expect(troubles(outcome)).toContainEqual(
        expect.stringMatching(
          /^error clock: this machine's clock is (299|300|301) s ahead of the account server's$/,
        ),
      );
    } finally {
      Date.now = real;
    }
  });

  it('explains what it cannot work with', async () => {
    expect(await doctor([], {})).toMatchObject({
      code: 1,
      err: expect.stringContaining('[configuration.none]'),
    });
    expect(await doctor(['--config', 'none.json'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('ENOENT'),
    });
    expect(await doctor(['--app', 'none.js'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('[cli.application]'),
    });
    expect(await doctor(['--app-url', 'nonsense'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('[cli.usage]'),
    });
    expect(await doctor(['--nonsense'])).toMatchObject({ code: 2 });
    const broken = {
      MNO_DEVPL_HOST: 'http://127.0.0.1:1',
      MNO_DEVPL_ENV_KEY: 'k',
      MNO_DEVPL_ENV_SECRET: 'hidden-secret',
    };
    writeFileSync(join(folder, 'broken.json'), '{"marketplaces": [{"marketplace": "x"}]}');
    const rejected = await doctor(['--config', 'broken.json'], broken);
    expect(rejected).toMatchObject({ code: 1, err: expect.stringContaining('api.id') });
    expect(rejected.err).not.toContain('hidden-secret');
  });
});

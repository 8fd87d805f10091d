import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type DynamicModule, Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

import * as kit from '../../src/index.js';
import {
  MaestranoGroupAdapter,
  type MaestranoModuleOptions,
  MaestranoUserAdapter,
  MaestranoStore,
  SessionService,
} from '../../src/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { MaestranoUsage, MaestranoUsageModule, MemoryUsageStore } from '../../src/usage/index.js';
import {
  complianceUsage,
  COMPLIANCE_SCENARIOS,
  maestranoCompliance,
  runCompliance,
  toJunit,
} from '../../src/testing/index.js';
import { type BootedApp, type HttpAdapterName, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { MeController, testApplication } from '../support/application.js';
import { stormSize } from '../support/sizes.js';

/** What is wrong with an application, if anything. */
interface Breakage {
  readonly options?: Partial<MaestranoModuleOptions>;
  readonly middleware?: (
    sandbox: Sandbox,
  ) => (request: Request, response: Response, next: NextFunction) => void;
  readonly spoil?: (app: BootedApp) => void;
  readonly imports?: readonly DynamicModule[];
}

interface Running {
  readonly sandbox: Sandbox;
  readonly booted: BootedApp;
  close(): Promise<void>;
}

async function start(httpAdapter: HttpAdapterName, ...breakages: readonly Breakage[]): Promise<Running> {
  const sandbox = await startSandbox();
  const options: Partial<MaestranoModuleOptions> = Object.assign({}, ...breakages.map((one) => one.options));
  const sso = Object.assign({ homeUrl: '/me' }, ...breakages.map((one) => one.options?.sso));
  const booted = await testApplication({
    httpAdapter,
    sandbox,
    registration: 'forRootAsync',
    options: {
      developerPlatform: sandbox.developerPlatform,
      ...options,
      sso,
    },
    controllers: [MeController],
    imports: breakages.flatMap(({ imports = [] }) => imports),
    prepare: (app) => {
      for (const { middleware } of breakages) if (middleware) app.use(middleware(sandbox));
    },
  });
  for (const { spoil } of breakages) spoil?.(booted);
  return {
    sandbox,
    booted,
    close: async () => {
      await booted.close();
      await sandbox.close();
    },
  };
}

beforeAll(() => void jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined));
afterAll(() => void jest.restoreAllMocks());

describe.each(HTTP_ADAPTERS)('the checklist on a right application on %s', (httpAdapter) => {
  let running: Running;
  beforeAll(async () => void (running = await start(httpAdapter)), 60_000);
  afterAll(() => running?.close());

  const cases = maestranoCompliance(() => ({
    sandbox: running.sandbox,
    appUrl: running.booted.url,
    app: running.booted.app,
    page: '/me',
  }));
  it.each(cases)('$name', ({ run }) => run(), 60_000);

  it('has some sixty scenarios, each with an id of its own', () => {
    expect(COMPLIANCE_SCENARIOS.length).toBeGreaterThan(60);
    expect(new Set(COMPLIANCE_SCENARIOS.map(({ id }) => id)).size).toBe(COMPLIANCE_SCENARIOS.length);
  });
});

describe.each(HTTP_ADAPTERS)('the checklist on an application that meters usage, on %s', (httpAdapter) => {
  const meters = {
    sms: { aggregate: 'sum', label: 'SMS', prices: { AUD: [{ model: 'unit', unit: '0.075' }] } },
  } as const;
  const ids = ['usage-last-close', 'platform-down-webhooks', 'platform-silent-cancel', 'webhook-group-twice'];
  let running: Running;
  beforeEach(async () => {
    const store = new MemoryUsageStore();
    running = await start(httpAdapter, {
      imports: [MaestranoUsageModule.forRoot({ store, schedule: 'off', meters })],
    });
  }, 60_000);
  afterEach(() => running.close());

  const check = async (only: readonly string[]) => {
    const { app, url: appUrl } = running.booted;
    const usage = complianceUsage(app)!;
    const { results } = await runCompliance({ sandbox: running.sandbox, appUrl, page: '/me', usage, only });
    return results.map(({ id, result, reason }) => [id, result, reason]);
  };

  it('check 18: passes while the platform is down: sealed, answered in time, billed once afterwards', async () => {
    expect(await check(ids)).toEqual(ids.toSorted(inOrder).map((id) => [id, 'passed', null]));
  }, 60_000);

  it('finds a last close that comes after the response', async () => {
    // As an application that closes in the background.
    running.booted.app.get(MaestranoUsage).finish = async () => ({
      looked: 0,
      sealed: [],
      sent: [],
      failed: [],
    });
    expect(await check(['usage-last-close'])).toEqual([
      ['usage-last-close', 'failed', 'The webhook has its response, and the usage is in no statement.'],
    ]);
  }, 60_000);
});

/** By the place in the checklist. */
function inOrder(one: string, other: string): number {
  const ids = COMPLIANCE_SCENARIOS.map(({ id }) => id);
  return ids.indexOf(one) - ids.indexOf(other);
}

const isNotification = ({ method, path }: Request) => method === 'POST' && path.includes('/notifications/');

/** A response instead of the application's for requests that fit. */
function instead(
  fits: (request: Request, sandbox: Sandbox) => boolean,
  status: number,
  body: (sandbox: Sandbox) => unknown = () => ({}),
): NonNullable<Breakage['middleware']> {
  return (sandbox) => (request, response, next) => {
    if (fits(request, sandbox)) response.status(status).json(body(sandbox));
    else next();
  };
}

/** What is broken, by the scenario that fails of it. */
const BROKEN: readonly (readonly [fails: string, breakage: Breakage])[] = [
  ['assertion-wrong-audience', { options: { sso: { audience: 'off' } } }],
  ['assertion-wrong-issuer', { options: { sso: { issuer: 'off' } } }],
  ['assertion-response-signed', { options: { sso: { signature: 'either' } } }],
  ['assertion-foreign-name-id', { options: { sso: { nameIdMustMatchUid: false } } }],
  [
    'assertion-replay',
    {
      // Which logins are over is not remembered: every response is new.
      spoil: ({ app }) => {
        const store = app.get(MaestranoStore);
        const claim = store.setIfAbsent.bind(store);
        // Only of responses: a login that begins where an earlier one is kept has to be told so.
        store.setIfAbsent = async (key, ...others) =>
          (await claim(key, ...others)) || key.startsWith('sso-replay:');
        const remove = store.delete.bind(store);
        store.delete = async (key, ...others) => key.startsWith('sso-') || remove(key, ...others);
      },
    },
  ],
  [
    'metadata-no-credentials',
    {
      middleware: instead(
        ({ path, headers }) => path === '/maestrano/metadata' && !headers.authorization,
        200,
      ),
    },
  ],
  [
    'webhook-group-unknown',
    {
      middleware: instead(
        ({ method, path, headers }) =>
          method === 'DELETE' && path.includes('/groups/cld-never-seen/') && Boolean(headers.authorization),
        404,
      ),
    },
  ],
  [
    'webhook-user',
    {
      spoil: ({ app }) => {
        app.get(SessionService).closeMembership = () => Promise.resolve();
      },
    },
  ],
  [
    'notification-malformed',
    {
      middleware: instead(
        (request) => isNotification(request) && request.headers['content-length'] === '14',
        500,
      ),
    },
  ],
  [
    'open-redirect-1',
    {
      middleware: () => (request, response, next) => {
        const target = request.query['next'];
        if (request.path.includes('/init/') && target === 'https://evil.example/') response.redirect(target);
        else next();
      },
    },
  ],
  [
    'session-cookie',
    {
      middleware: () => (_request, response, next) => {
        const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => Response;
        response.writeHead = (...args: unknown[]) => {
          const cookies = response.getHeader('set-cookie');
          const lines = Array.isArray(cookies) ? cookies : cookies === undefined ? [] : [String(cookies)];
          if (lines.length > 0) {
            response.setHeader(
              'set-cookie',
              lines.map((line) => line.replace(/;\s*HttpOnly/i, '')),
            );
          }
          return writeHead(...args);
        };
        next();
      },
    },
  ],
];

/** How many of them one application has; each has one of its own under `npm run storm`. */
const TOGETHER = stormSize(6, 1);

/** These wait or send megabytes; no broken application below concerns them. */
const SLOW = new Set(['session-logout', 'consume-huge', 'notification-huge']);

describe('the advice of the checklist', () => {
  it('names what of ours to use', () => {
    const adapterMethods = [MaestranoGroupAdapter, MaestranoUserAdapter].flatMap((adapter) =>
      Object.getOwnPropertyNames(adapter.prototype),
    );
    const ours = [
      ...Object.keys(kit),
      ...adapterMethods,
      // Abstract methods and types leave nothing behind when they are compiled.
      'findOrCreateUser',
      'findOrCreateGroup',
      'deleteGroup',
      'removeMember',
      'UserProfile',
      'GroupReference',
      'sso.acceptedClockSkewMs',
      'session.graceMs',
      'webhooks.bodyLimit',
      'nestjs-maestrano',
    ].filter((name) => name !== 'constructor');
    expect(
      COMPLIANCE_SCENARIOS.filter(({ remedy }) => !ours.some((name) => remedy.includes(name))).map(
        ({ id, remedy }) => `${id}: ${remedy}`,
      ),
    ).toEqual([]);
  });

  it('is never about a scenario that nobody has', async () => {
    await using sandbox = await startSandbox();
    await expect(runCompliance({ sandbox, appUrl: sandbox.url, only: ['login-agian'] })).rejects.toThrow(
      'login-agian',
    );
  });
});

describe('the checklist on broken applications', () => {
  const groups = Array.from({ length: Math.ceil(BROKEN.length / TOGETHER) }, (_, n) =>
    BROKEN.slice(n * TOGETHER, (n + 1) * TOGETHER),
  );

  it.each(groups.map((group) => [group.map(([fails]) => fails).join(', '), group] as const))(
    '%s, and nothing else',
    async (_, group) => {
      const { sandbox, booted, close } = await start('express', ...group.map(([, breakage]) => breakage));
      try {
        const only = COMPLIANCE_SCENARIOS.map(({ id }) => id).filter((id) => !SLOW.has(id));
        const report = await runCompliance({ sandbox, appUrl: booted.url, page: '/me', only });
        const failed = report.results.filter(({ result }) => result === 'failed');
        const fails = group.map(([id]) => id).toSorted(inOrder);
        expect(failed.map(({ id, reason }) => [id, reason])).toEqual(
          fails.map((id) => [id, expect.any(String)]),
        );
        expect(failed.filter(({ remedy }) => remedy === '')).toEqual([]);
        const junit = toJunit(report);
        for (const id of fails) expect(junit).toContain(`name="${id}"`);
        expect(junit.match(/<failure /g)).toHaveLength(fails.length);
      } finally {
        await close();
      }
    },
    120_000,
  );
});

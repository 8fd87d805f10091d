import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { freePort } from '../support/free-port.mjs';
import { filledIn, RECIPES, recipeText } from '../support/recipes.js';
import { RecipeProject } from './recipe-project.js';
import { ROOT } from './source-files.js';

const built = existsSync(join(ROOT, 'dist', 'index.js'));
if (!built)
  console.warn(
    'Skipping the recipes of pino, Prometheus and nestjs-cls: the package is not built (npm run build).',
  );

const SESSION_SECRET = 'a-session-secret-that-no-log-may-show';

/** The part that the recipes leave to their reader: the integration, a page, and one of the current company. */
const INTEGRATION = `
import { Controller, Get, UseGuards, UseInterceptors } from '@nestjs/common';
import { ClsService } from 'nestjs-cls';
import { MaestranoModule, MaestranoSessionGuard } from 'nestjs-maestrano';
import { RecordingGroupAdapter, RecordingUserAdapter } from 'nestjs-maestrano/testing';
import { ClsCompanyInterceptor, CompanyClsModule } from './company-cls.module.mjs';

@Controller('home')
@UseGuards(MaestranoSessionGuard)
class HomeController {
  @Get()
  home(): string {
    return 'signed in';
  }
}

@Controller('company')
@UseGuards(MaestranoSessionGuard)
@UseInterceptors(ClsCompanyInterceptor)
class CompanyController {
  constructor(private readonly cls: ClsService) {}

  @Get()
  async company(): Promise<string> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.cls.get('company').groupUid;
  }
}

export const integration = {
  module: class Integration {},
  controllers: [HomeController, CompanyController],
  imports: [
    CompanyClsModule,
    MaestranoModule.forRootAsync({
      userAdapter: RecordingUserAdapter,
      groupAdapter: RecordingGroupAdapter,
      useFactory: () => ({
        session: { secret: '${SESSION_SECRET}' },
        sso: { homeUrl: '/home' },
      }),
    }),
  ],
};
`;

(built ? describe : describe.skip)('the recipes of pino, Prometheus, nestjs-cls, in a process', () => {
  let project: RecipeProject;
  let sandbox: Sandbox;
  let application: ChildProcess;
  let [url, metricsUrl, stdout, stderr] = ['', '', '', ''];
  let companies: readonly string[] = [];
  const secrets: string[] = [SESSION_SECRET];

  beforeAll(async () => {
    const [port, metricsPort] = [await freePort(), await freePort()];
    [url, metricsUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${metricsPort}/metrics`];
    sandbox = await startSandbox({ appUrl: url });
    project = new RecipeProject('recipes-observed');
    project.write('integration.ts', INTEGRATION);
    project.write('company-cls.module.ts', recipeText('company-cls.module.ts'));
    project.write(
      'logging.ts',
      filledIn(recipeText('logging.ts'), [
        ['imports: [\n', 'imports: [\n    integration,\n'],
        ['import { Module }', "import { integration } from './integration.mjs';\nimport { Module }"],
        ['app.listen(3000)', `app.listen(${port}, '127.0.0.1')`],
      ]),
    );
    project.write(
      'instrumentation.ts',
      filledIn(recipeText('instrumentation.ts'), [['port: 9464', `port: ${metricsPort}`]]),
    );
    const main = project.write(
      'main.ts',
      "import { bootstrap } from './logging.mjs';\n\nawait bootstrap();\n",
    );
    const { host, apiPath, apiKey, apiSecret } = sandbox.developerPlatform;
    application = spawn(process.execPath, ['--import', './instrumentation.mjs', main], {
      cwd: project.folder,
      env: {
        PATH: process.env['PATH'],
        MNO_DEVPL_HOST: host,
        MNO_DEVPL_API_PATH: apiPath,
        MNO_DEVPL_ENV_KEY: apiKey,
        MNO_DEVPL_ENV_SECRET: apiSecret,
      },
    });
    application.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    application.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    secrets.push(apiSecret, ...sandbox.marketplaces.list().flatMap(({ apiKeys }) => apiKeys));
    while (!(await answers(url))) {
      if (application.exitCode !== null) throw new Error(stderr || stdout);
      await pause(50);
    }
    const { cookieHeader, samlResponse } = await sandbox.login(url, { user: 'usr-1', group: 'cld-1' });
    expect(await (await fetch(`${url}/home`, { headers: { cookie: cookieHeader } })).text()).toBe(
      'signed in',
    );
    companies = await companiesSeen();
    await sandbox.assertions.send(url, 'expired');
    await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-1');
    // Its line is the last one.
    while (!stdout.includes('"url":"/maestrano/account/groups/cld-1')) await pause(20);
    secrets.push(
      samlResponse.replaceAll('\n', ''),
      ...cookieHeader.split('; ').map((one) => one.slice(one.indexOf('=') + 1)),
    );
  }, 60_000);

  afterAll(async () => {
    if (application?.exitCode === null) {
      const gone = once(application, 'exit');
      application.kill();
      await gone;
    }
    await sandbox?.close();
    project?.remove();
  });

  async function answers(address: string): Promise<boolean> {
    return fetch(address).then(
      async (response) => (await response.text(), true),
      () => false,
    );
  }

  /** The current company of twenty requests at once, of one person in two companies in turn. */
  async function companiesSeen(): Promise<readonly string[]> {
    const cookies: string[] = [];
    for (const group of ['cld-1', 'cld-2'])
      cookies.push((await sandbox.login(url, { user: 'usr-2', group })).cookieHeader);
    secrets.push(
      ...cookies.flatMap((header) => header.split('; ').map((one) => one.slice(one.indexOf('=') + 1))),
    );
    return Promise.all(
      Array.from({ length: 20 }, async (_one, index) =>
        (await fetch(`${url}/company`, { headers: { cookie: cookies[index % 2]! } })).text(),
      ),
    );
  }

  it('keep the company of each request in nestjs-cls, however many run at once', () => {
    expect(companies).toEqual(Array.from({ length: 20 }, (_one, index) => `cld-${(index % 2) + 1}`));
  });

  it('log lines of JSON, ours and those of requests, with nothing secret', () => {
    expect(stderr).toBe('');
    const lines = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.filter(({ context }) => String(context).startsWith('Maestrano')).length).toBeGreaterThan(0);
    const requests = lines.flatMap(({ req }) =>
      req ? [req as { url: string; headers: Record<string, string> }] : [],
    );
    expect(requests.map((one) => one.url)).toEqual(
      expect.arrayContaining([
        '/home',
        expect.stringContaining('/auth/saml/init'),
        expect.stringContaining('/account/groups/'),
      ]),
    );
    const shown = requests.map(({ headers }) => [headers['cookie'], headers['authorization']]).flat();
    expect(new Set(shown.filter((one) => one !== undefined))).toEqual(new Set(['[Redacted]']));
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(8);
      expect(stdout).not.toContain(secret);
    }
  });

  it('show our metrics to Prometheus, those that the alerts ask for among them', async () => {
    const scraped = await (await fetch(metricsUrl)).text();
    expect(scraped).toMatch(/^maestrano_logins_total\{[^}]*maestrano_outcome="accepted"[^}]*\} 3/m);
    expect(scraped).toMatch(/^maestrano_logins_total\{[^}]*maestrano_outcome="sso\.\w+"[^}]*\} 1/m);
    // In seconds, so that a median means something.
    expect(scraped).toMatch(/^maestrano_endpoint_duration_bucket\{[^}]*le="0.025"\}/m);
    const { text } = RECIPES.find((one) => one.language === 'yaml' && one.text.startsWith('groups:'))!;
    const { groups } = parse(text) as { groups: { rules: { alert: string; expr: string }[] }[] };
    const wanted = groups.flatMap(({ rules }) =>
      rules.flatMap(
        ({ expr }) => expr.replaceAll(/\bby \([^)]*\)/g, '').match(/\bmaestrano_[a-z_]+(?=[{)])/g) ?? [],
      ),
    );
    expect(new Set(wanted).size).toBeGreaterThanOrEqual(3);
    for (const name of wanted) expect(scraped).toMatch(new RegExp(`^${name}\\{`, 'm'));
    for (const secret of secrets) expect(scraped).not.toContain(secret);
  });
});

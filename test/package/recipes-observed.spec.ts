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
  console.warn('Skipping the recipes of pino and Prometheus: the package is not built (npm run build).');

const SESSION_SECRET = 'a-session-secret-that-no-log-may-show';

/** The part that the recipe leaves to its reader: the integration, and a page. */
const INTEGRATION = `
import { Controller, Get, UseGuards } from '@nestjs/common';
import { MaestranoModule, MaestranoSessionGuard } from 'nestjs-maestrano';
import { RecordingGroupAdapter, RecordingUserAdapter } from 'nestjs-maestrano/testing';

@Controller('home')
@UseGuards(MaestranoSessionGuard)
class HomeController {
  @Get()
  home(): string {
    return 'signed in';
  }
}

export const integration = {
  module: class Integration {},
  controllers: [HomeController],
  imports: [
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

(built ? describe : describe.skip)('the recipes of pino and Prometheus, in a process of their own', () => {
  let project: RecipeProject;
  let sandbox: Sandbox;
  let application: ChildProcess;
  let [url, metricsUrl, stdout, stderr] = ['', '', '', ''];
  const secrets: string[] = [SESSION_SECRET];

  beforeAll(async () => {
    const [port, metricsPort] = [await freePort(), await freePort()];
    [url, metricsUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${metricsPort}/metrics`];
    sandbox = await startSandbox({ appUrl: url });
    project = new RecipeProject('recipes-observed');
    project.write('integration.ts', INTEGRATION);
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
    expect(scraped).toMatch(/^maestrano_logins_total\{[^}]*maestrano_outcome="accepted"[^}]*\} 1/m);
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

import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { freePort } from '../support/free-port.mjs';
import { filledIn, RECIPES, recipeText } from '../support/recipes.js';
import { proveSize } from '../support/sizes.js';
import { ROOT } from './source-files.js';

const run = promisify(execFile);
const MINUTE = 60_000;

/** vitest and vite are installed for it alone, which takes half a minute: `npm run prove -- recipes-vitest` runs it. */
const IS_WHOLE = proveSize(0, 1) === 1;

/** Why it cannot run here; null where it can. */
function obstacle(): string | null {
  if (!existsSync(join(ROOT, 'dist', 'index.js'))) return 'the package is not built (npm run build)';
  const { status } = spawnSync('npm', ['ping', '--fetch-timeout=10000', '--fetch-retries=0']);
  return status === 0 ? null : 'the npm registry is not reachable';
}
const reason = IS_WHOLE ? obstacle() : null;
if (reason !== null) console.warn(`Skipping the recipe of vitest: ${reason}.`);

/** The application under test: its constructor is served by the metadata that vitest's own transform does not write. */
const APPLICATION = `
import { Controller, Get, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BillingService, MaestranoModule, MaestranoSessionGuard } from 'nestjs-maestrano';
import type { Sandbox } from 'nestjs-maestrano/sandbox';
import { RecordingGroupAdapter, RecordingUserAdapter } from 'nestjs-maestrano/testing';

@Controller()
@UseGuards(MaestranoSessionGuard)
class HomeController {
  constructor(private readonly billing: BillingService) {}

  @Get()
  home(): string {
    return typeof this.billing.for;
  }
}

export async function startApplication(sandbox: Sandbox, port: number) {
  const module = {
    module: class Application {},
    controllers: [HomeController],
    imports: [
      MaestranoModule.forRoot({
        developerPlatform: sandbox.developerPlatform,
        session: { secret: 'only-for-this-test-only-for-this-test' },
        userAdapter: RecordingUserAdapter,
        groupAdapter: RecordingGroupAdapter,
      }),
    ],
  };
  const app = await NestFactory.create(module, { logger: false });
  await app.listen(port, '127.0.0.1');
  return app;
}
`;

/** The recipe's test, with the application under test where the recipe leaves it to the reader. */
function checklistOf(port: number): string {
  const spec = RECIPES.find(({ text }) => text.includes("from 'vitest';"))!.text;
  const start = `const app = await startApplication(sandbox, ${port});\n    return () => app.close();`;
  return `import { startApplication } from './application.js';\n${filledIn(spec, [
    ['127.0.0.1:3100', `127.0.0.1:${port}`],
    ['// Start the application here, or both with startTestApplication().', start],
  ])}`;
}

it('the recipe of vitest leaves one place to fill in, and has a configuration', () => {
  expect(checklistOf(3_200)).toContain('startApplication(sandbox, 3200)');
  expect(recipeText('vitest.config.ts')).toContain('swc');
});

const whole = !IS_WHOLE ? null : reason === null ? describe : describe.skip;
whole?.('the recipe of vitest', () => {
  let folder: string;

  beforeAll(async () => {
    mkdirSync(join(ROOT, 'artifacts'), { recursive: true });
    folder = mkdtempSync(join(ROOT, 'artifacts', 'recipes-vitest-'));
    const port = await freePort();
    mkdirSync(join(folder, 'test'));
    writeFileSync(join(folder, 'package.json'), '{ "name": "recipe", "private": true, "type": "module" }');
    writeFileSync(join(folder, 'vitest.config.ts'), recipeText('vitest.config.ts'));
    writeFileSync(join(folder, 'test', 'application.ts'), APPLICATION);
    writeFileSync(join(folder, 'test', 'checklist.spec.ts'), checklistOf(port));
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    await run(
      'npm',
      [
        'install',
        '--no-audit',
        '--no-fund',
        '--no-package-lock',
        'vitest@^4',
        'vite@^7',
        'unplugin-swc@^2',
        `@swc/core@${devDependencies['@swc/core']}`,
      ],
      { cwd: folder },
    );
    // Copied: what a symbolic link leads to is no package to vitest, and it would compile it.
    const installed = join(folder, 'node_modules', 'nestjs-maestrano');
    mkdirSync(installed, { recursive: true });
    for (const part of ['dist', 'package.json'])
      cpSync(join(ROOT, part), join(installed, part), { recursive: true });
  }, 5 * MINUTE);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    'runs the marketplace checklist against an application',
    async () => {
      const { stdout } = await run(
        process.execPath,
        [join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=json'],
        {
          cwd: folder,
          env: { ...process.env, NODE_OPTIONS: '', VITEST: undefined, JEST_WORKER_ID: undefined },
        },
      ).catch((error: { readonly stdout: string }) => error);
      const { numPassedTests, testResults } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as {
        readonly numPassedTests: number;
        readonly testResults: readonly {
          readonly message: string;
          readonly assertionResults: readonly {
            readonly title: string;
            readonly failureMessages: readonly string[];
          }[];
        }[];
      };
      const wrong = testResults.flatMap(({ message, assertionResults }) => [
        message,
        ...assertionResults.flatMap(({ title, failureMessages }) =>
          failureMessages.map((why) => `${title}: ${why}`),
        ),
      ]);
      expect(wrong.filter(Boolean)).toEqual([]);
      expect(numPassedTests).toBeGreaterThan(20);
    },
    5 * MINUTE,
  );
});

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { snippetsOf } from './program.js';
import { ROOT } from './source-files.js';

const run = promisify(execFile);
const FOLDER = join(ROOT, 'artifacts', `recipes-${process.pid}`);
const SNIPPETS = snippetsOf('docs/recipes.md');

// The built package, found by its name, in a project of its own: as a user runs the recipes.
const built = existsSync(join(ROOT, 'dist', 'index.js'));
if (!built) console.warn('Skipping the recipes of test runners: the package is not built (npm run build).');

(built ? describe : describe.skip)('the recipes of test runners', () => {
  beforeAll(() => {
    const installed = join(FOLDER, 'node_modules', 'nestjs-maestrano');
    mkdirSync(join(FOLDER, 'src'), { recursive: true });
    mkdirSync(installed, { recursive: true });
    cpSync(join(ROOT, 'dist'), join(installed, 'dist'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  });
  afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

  const environment = { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined };

  it('run by node:test', async () => {
    const { text } = SNIPPETS.find((one) => one.text.startsWith('// recipes/charges.test.ts'))!;
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    writeFileSync(join(FOLDER, 'charges.test.mjs'), outputText);
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', 'charges.test.mjs'], {
      cwd: FOLDER,
      env: environment,
    });
    expect(stdout).toContain('# pass 1');
    expect(stdout).toContain('# fail 0');
  }, 60_000);

  it('run by jest, as package.json says', async () => {
    const { text } = SNIPPETS.find((one) => one.language === 'json' && one.text.includes('"jest"'))!;
    writeFileSync(join(FOLDER, 'package.json'), text);
    const spec = SNIPPETS.find((one) => one.text.startsWith('// recipes/charges.spec.ts'))!;
    writeFileSync(join(FOLDER, 'src', 'charges.spec.ts'), spec.text);
    const { stderr } = await run(
      process.execPath,
      [join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'), '--ci', '-w', '1'],
      { cwd: FOLDER, env: environment },
    );
    expect(stderr).toMatch(/Tests:\s+1 passed, 1 total/);
  }, 120_000);
});

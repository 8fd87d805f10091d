import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type PackedPackage, packPackage } from './packed.js';
import { ROOT } from './source-files.js';

const run = promisify(execFile);

/** `nest add` and `nest g` start two processes each. */
const PATIENCE = 120_000;

describe('the packed schematics', () => {
  let packed: PackedPackage;
  let application: string;

  beforeAll(() => {
    packed = packPackage();
    application = join(packed.scratch, 'application');
    mkdirSync(join(application, 'node_modules'), { recursive: true });
    mkdirSync(join(application, 'src'));
    for (const name of readdirSync(join(ROOT, 'node_modules'))) {
      if (name !== 'nestjs-maestrano') {
        symlinkSync(join(ROOT, 'node_modules', name), join(application, 'node_modules', name));
      }
    }
    symlinkSync(packed.folder, join(application, 'node_modules', 'nestjs-maestrano'));
    writeFileSync(join(application, 'package.json'), '{ "name": "application" }');
    writeFileSync(join(application, 'nest-cli.json'), '{ "sourceRoot": "src" }');
  }, PATIENCE);
  afterAll(() => packed?.remove());

  function reset(): void {
    writeFileSync(
      join(application, 'src/app.module.ts'),
      "import { Module } from '@nestjs/common';\n\n@Module({ imports: [] })\nexport class AppModule {}\n",
    );
  }

  async function nest(...argv: string[]): Promise<string> {
    const cli = createRequire(import.meta.url).resolve('@nestjs/cli/package.json');
    const { stdout } = await run(process.execPath, [join(cli, '../bin/nest.js'), ...argv], {
      cwd: application,
    });
    return stdout;
  }

  it(
    'are what `nest add` runs',
    async () => {
      reset();
      expect(await nest('add', 'nestjs-maestrano', '--skip-install')).toContain(
        'Next: set MNO_DEVPL_ENV_KEY',
      );
      expect(readFileSync(join(application, 'src/app.module.ts'), 'utf8')).toContain(
        'imports: [MaestranoIntegrationModule]',
      );
      expect(existsSync(join(application, 'src/maestrano/group.adapter.ts'))).toBe(true);
    },
    PATIENCE,
  );

  it(
    'are what `nest g -c nestjs-maestrano` runs, which can only show as well',
    async () => {
      reset();
      const shown = await nest('g', '-c', 'nestjs-maestrano', 'integration', '--dry-run');
      expect(shown).toContain('UPDATE');
      expect(readFileSync(join(application, 'src/app.module.ts'), 'utf8')).toContain('imports: []');
    },
    PATIENCE,
  );
});

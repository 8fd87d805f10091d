import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { run } from '../../../src/cli/generate/generate.command.js';
import { wireModule } from '../../../src/cli/generate/module-wiring.js';
import { integrationFiles } from '../../../src/cli/generate/templates.js';
import { createProgram } from '../../package/program.js';
import { ROOT } from '../../package/source-files.js';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'generate-'));
  mkdirSync(join(cwd, 'src'));
});
afterEach(() => {
  rmSync(cwd, { recursive: true });
});

const APP = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`;

async function call(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const io = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    env: {},
    cwd,
  };
  return { code: await run(argv, io), out, err };
}

const text = (path: string): string => readFileSync(join(cwd, path), 'utf8');
const put = (path: string, content: string): void => writeFileSync(join(cwd, path), content);

describe('generate', () => {
  it('writes adapters and wiring into a CommonJS application, once', async () => {
    put('src/app.module.ts', APP);
    put('package.json', '{}');
    expect(await call()).toMatchObject({ code: 0, err: '' });
    expect(text('src/app.module.ts')).toContain(
      "import { MaestranoIntegrationModule } from './maestrano/maestrano-integration.module';",
    );
    expect(text('src/app.module.ts')).toContain('imports: [MaestranoIntegrationModule],');
    expect(text('src/maestrano/group.adapter.ts')).toContain("from './user.adapter';");
    put('src/maestrano/user.adapter.ts', '// mine');
    const before = text('src/app.module.ts');
    expect((await call()).out).toMatch(
      /kept +src\/maestrano\/user\.adapter\.ts\n[\s\S]*unchanged +src\/app\.module\.ts/,
    );
    expect(text('src/maestrano/user.adapter.ts')).toBe('// mine');
    expect(text('src/app.module.ts')).toBe(before);
  });

  it('writes suffixes into an application of ES modules, and takes other places', async () => {
    mkdirSync(join(cwd, 'app'));
    put('app/root.module.ts', APP);
    put('package.json', '{"type":"module"}');
    await call('--dir', 'integrations/mno', '--module', 'app/root.module.ts');
    expect(text('app/root.module.ts')).toContain(
      "from '../integrations/mno/maestrano-integration.module.js';",
    );
    expect(text('integrations/mno/maestrano-integration.module.ts')).toContain("from './group.adapter.js';");
  });

  it('only reports with --dry-run', async () => {
    put('src/app.module.ts', APP);
    expect((await call('--dry-run')).out).toMatch(/created[\s\S]*changed +src\/app\.module\.ts/);
    expect(text('src/app.module.ts')).toBe(APP);
    expect(() => text('src/maestrano/user.adapter.ts')).toThrow();
  });

  it('leaves everything as it is when the module cannot be wired', async () => {
    put('src/app.module.ts', '@Module({ imports: MODULES })\nexport class AppModule {}\n');
    expect(await call()).toMatchObject({ code: 1, err: expect.stringContaining('[cli.application]') });
    expect(() => text('src/maestrano/user.adapter.ts')).toThrow();
    expect(await call('--module', 'nowhere.ts')).toMatchObject({
      code: 1,
      err: expect.stringContaining('nowhere.ts is not there'),
    });
  });

  it('writes code that compiles', () => {
    const files = new Map(
      [...integrationFiles('.js')].map(([name, content]) => [`test/package/.generated/${name}`, content]),
    );
    const program = createProgram(files);
    const wrong = [...files.keys()].flatMap((path) => {
      const source = program.getSourceFile(join(ROOT, path))!;
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ messageText }) => `${path}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      );
    });
    expect(wrong).toEqual([]);
  }, 120_000);
});

describe('wireModule', () => {
  const wire = (source: string): string => wireModule(source, 'X', './x');

  it.each([
    ['@Module({})', '@Module({\n  imports: [X],\n})'],
    ['@Module({ controllers: [] })', '@Module({\n  imports: [X],\n   controllers: [] })'],
    ['@Module({\n    controllers: [],\n})', '@Module({\n    imports: [X],\n    controllers: [],\n})'],
    ['@Module({ imports: [A, B] })', '@Module({ imports: [X, A, B] })'],
    [
      '@Module({\n  imports: [\n    A.forRoot({ imports: [] }),\n  ],\n})',
      '@Module({\n  imports: [\n    X,\n    A.forRoot({ imports: [] }),\n  ],\n})',
    ],
    [
      '@Module({ providers: [{ imports: [] }], imports: [A] })',
      '@Module({ providers: [{ imports: [] }], imports: [X, A] })',
    ],
    [
      "// @Module({ imports: [] })\n@Module({ a: 'imports: [', imports: [ ] })",
      "// @Module({ imports: [] })\n@Module({ a: 'imports: [', imports: [X] })",
    ],
  ])('%j', (before, after) => {
    expect(wire(`${before}\nclass AppModule {}\n`)).toBe(
      `import { X } from './x';\n${after}\nclass AppModule {}\n`,
    );
  });

  it('follows the file’s quotes and semicolons, after its last import', () => {
    const source =
      'import { Module } from "@nestjs/common"\nimport {\n  A,\n} from "./a"\n\n@Module({ imports: [A] })\nclass M {}\n';
    expect(wire(source)).toContain('} from "./a"\nimport { X } from "./x"\n\n@Module');
  });

  it('does nothing twice', () => {
    const once = wire(APP);
    expect(wire(once)).toBe(once);
    expect(wire(APP.replace('export', '// X is for later\nexport'))).not.toBe(APP);
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { integrationFiles } from '../../../src/cli/generate/templates.js';
import { createProgram } from '../../package/program.js';
import { ROOT } from '../../package/source-files.js';
import { type CommandOutcome, commandLine } from '../../support/command-line.js';

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

const call = (...argv: string[]): Promise<CommandOutcome> => commandLine(['generate', ...argv], { cwd });

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
      /kept +src\/maestrano\/user\.adapter\.ts\n[\s\S]*kept +src\/app\.module\.ts/,
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

  it('shows the difference with --dry-run, and writes nothing', async () => {
    put('src/app.module.ts', APP);
    const { code, out } = await call('--dry-run');
    expect(code).toBe(0);
    expect(out).toContain('--- /dev/null\n+++ src/maestrano/user.adapter.ts\n@@ -0,0 +1,');
    expect(out).toContain(
      `--- src/app.module.ts
+++ src/app.module.ts
@@ -1,8 +1,9 @@
 import { Module } from '@nestjs/common';
 import { AppController } from './app.controller';
+import { MaestranoIntegrationModule } from './maestrano/maestrano-integration.module';
 
 @Module({
-  imports: [],
+  imports: [MaestranoIntegrationModule],
   controllers: [AppController],
 })
 export class AppModule {}
`,
    );
    expect(out).toMatch(/\nNothing was written \(--dry-run\)\.\n$/);
    expect(text('src/app.module.ts')).toBe(APP);
    expect(() => text('src/maestrano/user.adapter.ts')).toThrow();
    await call();
    expect((await call('--dry-run')).out).toBe('\nNothing was written (--dry-run); nothing would change.\n');
  });

  it('leaves everything as it is when the module cannot be wired', async () => {
    put('src/app.module.ts', '@Module({ ...base })\nexport class AppModule {}\n');
    expect(await call()).toMatchObject({ code: 1, err: expect.stringContaining('[cli.application]') });
    expect(() => text('src/maestrano/user.adapter.ts')).toThrow();
    expect(await call('--module', 'nowhere.ts')).toMatchObject({
      code: 1,
      err: expect.stringContaining('nowhere.ts is not there'),
    });
  });

  it('finds the module that the main file starts', async () => {
    mkdirSync(join(cwd, 'src/core'));
    put(
      'src/core/root.module.ts',
      APP.replace('AppModule', 'RootModule') + '\n@Module({})\nexport class OtherModule {}\n',
    );
    put(
      'src/main.ts',
      "import { NestFactory } from '@nestjs/core';\nimport { RootModule } from './core/root.module.js';\nvoid NestFactory.create(RootModule);\n",
    );
    expect(await call()).toMatchObject({ code: 0 });
    expect(text('src/core/root.module.ts')).toContain("from '../maestrano/maestrano-integration.module';");
    expect(text('src/core/root.module.ts')).toContain('@Module({})\nexport class OtherModule');
  });

  it('prints the lines that the main file needs', async () => {
    put(
      'src/app.module.ts',
      APP.replace('controllers', 'providers: [{ provide: APP_GUARD, useClass: G }],\n  controllers'),
    );
    put(
      'src/main.ts',
      [
        "import { NestFactory } from '@nestjs/core';",
        "import { doubleCsrf } from 'csrf-csrf';",
        "import { AppModule } from './app.module';",
        'const app = await NestFactory.create(AppModule);',
        "app.setGlobalPrefix('api', { exclude: ['health'] });",
        'app.enableCsrfProtection();',
        'app.useGlobalGuards(new G());',
      ].join('\n'),
    );
    const { out } = await call('--dry-run');
    expect(out).toContain('src/main.ts line 5: ');
    expect(out).toContain(
      "    app.setGlobalPrefix('api', { exclude: [...['health'], ...maestranoRoutes()] });\n",
    );
    expect(out).toContain('    app.enableCsrfProtection({ exclude: maestranoRoutes() });\n');
    expect(out).toMatch(/src\/main\.ts line 7: A guard[\s\S]*decorators: \[Public\(\)\]/);
    expect(out).toContain('src/main.ts: csrf-csrf would reject');
    expect(out).toMatch(/src\/app\.module\.ts line 6: A guard/);
    put('src/main.ts', "app.setGlobalPrefix('api', { exclude: maestranoRoutes() });");
    put('src/app.module.ts', APP);
    expect((await call('--dry-run')).out).not.toContain('src/main.ts');
  });

  it('says which cookie of a session would not come back from a login', async () => {
    put('src/app.module.ts', APP);
    const main = (sameSite: string, library: string): string =>
      [
        "import { NestFactory } from '@nestjs/core';",
        `import session from '${library}';`,
        "import { AppModule } from './app.module';",
        'const app = await NestFactory.create(AppModule);',
        `app.use(session({ secret: 's', cookie: { sameSite: ${sameSite} } }));`,
      ].join('\n');
    for (const [sameSite, library, isAdvised] of [
      ["'strict'", 'express-session', true],
      ['true', 'express-session', true],
      ["'Strict'", '@fastify/session', true],
      ["'lax'", 'express-session', false],
      ["'strict'", 'somewhere-else', false],
    ] as const) {
      put('src/main.ts', main(sameSite, library));
      const { out } = await call('--dry-run');
      expect({ sameSite, library, isAdvised: out.includes('src/main.ts line 5: ') }).toEqual({
        sameSite,
        library,
        isAdvised,
      });
      if (isAdvised) expect(out).toContain("    sameSite: 'lax',\n");
    }
    const secure = main("'lax', secure: true", 'express-session');
    put('src/main.ts', secure);
    expect((await call('--dry-run')).out).toContain("    app.set('trust proxy', 1);");
    put('src/main.ts', `${secure}\napp.set('trust proxy', 1);`);
    expect((await call('--dry-run')).out).not.toContain('a proxy');
  });

  it('signs people in to Passport as well, where asked to', async () => {
    put('src/app.module.ts', APP);
    const { out } = await call('--session', 'passport');
    expect(text('src/maestrano/maestrano-integration.module.ts')).toContain(
      'sessionAdapter: SessionAdapter,',
    );
    expect(text('src/maestrano/session.adapter.ts')).toContain(
      'logIn(user, { keepSessionInfo: true }, done)',
    );
    expect(out).toContain('    app.use(passport.session());\n');
    expect(out).not.toContain('does not use the session adapter');
  });

  it('says so where a module that is kept does not use the adapter for Passport', async () => {
    put('src/app.module.ts', APP);
    await call();
    expect((await call('--session', 'passport')).out).toContain('does not use the session adapter yet');
  });

  it('has no adapter for Passport on Fastify', async () => {
    put('src/app.module.ts', APP);
    put('src/main.ts', "import { FastifyAdapter } from '@nestjs/platform-fastify';\n");
    const { code, err } = await call('--session', 'passport');
    expect(code).toBe(1);
    expect(err).toMatch(/is for Express.*Nothing was written/);
    expect(() => text('src/maestrano/user.adapter.ts')).toThrow();
  });

  it('reports as JSON', async () => {
    put('src/app.module.ts', APP);
    const { out } = await call('--json', '--dry-run');
    expect(JSON.parse(out)).toMatchObject({
      written: false,
      files: [
        { path: 'src/maestrano/user.adapter.ts', outcome: 'created' },
        { path: 'src/maestrano/group.adapter.ts', outcome: 'created' },
        { path: 'src/maestrano/maestrano-integration.module.ts', outcome: 'created' },
        { path: 'src/app.module.ts', outcome: 'changed' },
      ],
      advice: [],
    });
  });

  it.each([
    [['--session', 'jwt'], 2, /'jwt' is invalid. Allowed choices are own, passport/],
    [['--orm', 'sequelize'], 2, /'sequelize' is invalid. Allowed choices are typeorm, prisma, drizzle/],
    [['--bogus'], 2, /Unknown option '--bogus'/],
    [['--class', 'Nothing'], 1, /no @Module\(\) of a class Nothing/],
  ])('explains %j', async (argv, code, message) => {
    put('src/app.module.ts', APP);
    expect(await call(...argv)).toMatchObject({ code, err: expect.stringMatching(message) });
    expect(() => text('src/maestrano/user.adapter.ts')).toThrow();
  });

  it.each([
    ['typeorm', 'accounts.entities.ts', 'typeormExecutor(source, '],
    ['prisma', 'accounts.prisma', 'prismaExecutor(prisma, '],
    ['drizzle', 'accounts.schema.ts', 'drizzleExecutor(db, sql, '],
  ])('writes adapters and store for %s', async (orm, file, executor) => {
    put('src/app.module.ts', APP);
    put('package.json', '{"type":"module"}');
    const { code, out } = await call('--orm', orm, '--session', 'passport');
    expect(code).toBe(0);
    expect(out).toContain('db print --dialect postgres');
    expect(text(`src/maestrano/${file}`)).toContain('user_links');
    expect(text('src/maestrano/user.adapter.ts')).toContain(
      '// Another first login of this person was quicker',
    );
    const module = text('src/maestrano/maestrano-integration.module.ts');
    expect(module).toContain(`store: new SqlStore(${executor}'postgres'))`);
    expect(module).toContain('sessionAdapter: SessionAdapter');
    expect(module + text('src/maestrano/group.adapter.ts')).not.toMatch(
      /\{\w+\}'|\{(?:suffix|store|inject)\}/,
    );
  });

  it('writes code that compiles', () => {
    const files = new Map(
      [...integrationFiles({ suffix: '.js', session: 'passport', orm: null })].map(([name, content]) => [
        `test/package/.generated/${name}`,
        content,
      ]),
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

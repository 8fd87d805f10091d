import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type PackedPackage, packPackage } from './packed.js';

const run = promisify(execFile);
const MINUTE = 60_000;
/** Megabytes that the package may add to an application (toolchain budget). */
const SIZE_BUDGET = 40;

const wanted = process.env['TEST_MATRIX'] === '1';
const reachable = wanted && isRegistryReachable();
if (!reachable) {
  const reason = wanted
    ? 'the npm registry is not reachable'
    : 'it takes minutes; TEST_MATRIX=1 runs it, as CI does';
  console.warn(`Skipping the matrix of NestJS, Node.js and TypeScript versions: ${reason}.`);
}
const matrix = reachable ? describe : describe.skip;

function isRegistryReachable(): boolean {
  try {
    execFileSync('npm', ['ping', '--fetch-timeout=10000', '--fetch-retries=0'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

interface Consumer {
  readonly nest: string;
  readonly typescript: string;
  readonly extra: readonly string[];
}

const CONSUMERS: Readonly<Record<string, Consumer>> = {
  'NestJS 11': {
    nest: '^11.0.0',
    typescript: '~5.9.0',
    extra: ['jest@^30', 'ts-jest@^29.4', '@types/jest@^30', '@nestjs/testing@^11'],
  },
  'NestJS 12': {
    nest: '^12.0.0',
    typescript: '~6.0.0',
    extra: ['@types/express@^5', 'pg-boss@^12', 'pg@^8'],
  },
};
/** Node.js versions besides the one that runs the tests. */
const NODES = ['20', '22', '24'].filter((version) => !process.version.startsWith(`v${version}.`));
const EXPECTED = Array.from({ length: 2 }, () => [200, '{"signedIn":true}', 990, 200, 'up']);

matrix('the packed package in a consumer’s application', () => {
  let packed: PackedPackage;
  const folders = new Map<string, string>();
  const added = new Map<string, number>();
  /** What adding the package takes beyond an installation that has nothing to do. */
  const seconds = new Map<string, number>();

  beforeAll(async () => {
    packed = await packPackage();
    // One after the other: npm's cache is shared, and two cores are.
    for (const name of Object.keys(CONSUMERS)) await install(name);
  }, 6 * MINUTE);
  afterAll(() => packed?.remove());

  async function install(name: string): Promise<void> {
    const { nest, typescript, extra } = CONSUMERS[name]!;
    const folder = join(packed.scratch, name.replace(/\W/g, '-'));
    mkdirSync(folder);
    folders.set(name, folder);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
    const nestPackages = ['common', 'core', 'platform-express', 'platform-fastify'].map(
      (part) => `@nestjs/${part}@${nest}`,
    );
    const others = [
      'reflect-metadata@^0.2.2',
      'rxjs@^7.8.2',
      'class-validator@^0.15.1',
      'class-transformer@^0.5.1',
      `typescript@${typescript}`,
      '@types/node@^20.19.0',
      'ioredis@^6',
      `@nestjs/cli@${nest}`,
    ];
    await npm(folder, [...nestPackages, ...others, ...extra]);
    const before = megabytes(join(folder, 'node_modules'));
    const nothing = await timed(() => npm(folder, []));
    seconds.set(name, (await timed(() => npm(folder, [packed.tarball]))) - nothing);
    added.set(name, megabytes(join(folder, 'node_modules')) - before);
    for (const file of ['smoke.mjs', 'app.mjs', 'queue.mjs'])
      cpSync(join(import.meta.dirname, 'consumer', file), join(folder, file));
    cpSync(join(import.meta.dirname, 'consumer', 'app.module.txt'), join(folder, 'app.module.ts'));
    cpSync(join(import.meta.dirname, 'consumer', 'users.spec.txt'), join(folder, 'users.spec.ts'));
  }

  describe.each(Object.keys(CONSUMERS))('%s', (name) => {
    const folder = (): string => folders.get(name)!;

    it('adds little', () => {
      const [size, time] = [added.get(name)!, seconds.get(name)!];
      // Seconds are told, not tested: other suites use the machine meanwhile (10 s is what we aim for).
      console.info(`${name}: installing adds ${size.toFixed(1)} MB in ${time.toFixed(1)} s.`);
      expect(size).toBeLessThan(SIZE_BUDGET);
    });

    it.each(['import', 'require'])(
      'signs in, bills and cancels on both HTTP adapters, loaded by %s, and ends by itself',
      async (how) => {
        const { stdout } = await run(process.execPath, ['smoke.mjs', how], {
          cwd: folder(),
          timeout: MINUTE,
        });
        expect(JSON.parse(stdout)).toEqual(EXPECTED);
      },
      2 * MINUTE,
    );

    it(
      'is added by `nest add`',
      async () => {
        const application = join(folder(), 'added');
        mkdirSync(join(application, 'src'), { recursive: true });
        writeFileSync(join(application, 'package.json'), '{ "name": "added", "private": true }');
        writeFileSync(join(application, 'nest-cli.json'), '{ "sourceRoot": "src" }');
        writeFileSync(
          join(application, 'src', 'app.module.ts'),
          "import { Module } from '@nestjs/common';\n\n@Module({ imports: [] })\nexport class AppModule {}\n",
        );
        const cli = join(folder(), 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
        await run(process.execPath, [cli, 'add', 'nestjs-maestrano', '--skip-install'], { cwd: application });
        expect(readFileSync(join(application, 'src', 'app.module.ts'), 'utf8')).toContain(
          'imports: [MaestranoIntegrationModule]',
        );
      },
      2 * MINUTE,
    );

    it(
      'type checks as an ES module',
      async () => {
        await typeCheck({ module: 'nodenext', moduleResolution: 'nodenext' }, 'module');
      },
      2 * MINUTE,
    );

    it(
      'type checks as CommonJS',
      async () => {
        const old = name === 'NestJS 11';
        await typeCheck(
          old
            ? { module: 'commonjs', moduleResolution: 'node10' }
            : { module: 'nodenext', moduleResolution: 'nodenext' },
          'commonjs',
        );
      },
      2 * MINUTE,
    );

    it(
      'has its command',
      async () => {
        const { stdout } = await run('npx', ['--no-install', 'nestjs-maestrano', '--version'], {
          cwd: folder(),
        });
        expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+/);
      },
      MINUTE,
    );

    it(
      'lets the doctor read an application’s routes',
      async () => {
        const command = [
          '--no-install',
          'nestjs-maestrano',
          'doctor',
          '--offline',
          '--json',
          '--app',
          'app.mjs',
        ];
        const { stdout } = await run('npx', command, { cwd: folder(), timeout: MINUTE });
        const mounted = (JSON.parse(stdout) as { subject: string; message: string }[])
          .filter(({ subject }) => subject === 'mounted')
          .map(({ message }) => message);
        expect(mounted).toContainEqual(
          expect.stringMatching(/^DELETE \/maestrano\/account\/groups\/\*\w* \(account\.group\)$/),
        );
      },
      2 * MINUTE,
    );

    async function typeCheck(options: Record<string, string>, type: string): Promise<void> {
      writeFileSync(
        join(folder(), 'package.json'),
        JSON.stringify({ name: 'consumer', private: true, type }),
      );
      const compilerOptions = {
        ...options,
        target: 'ES2022',
        strict: true,
        noEmit: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        skipLibCheck: true,
        types: ['node'],
      };
      writeFileSync(
        join(folder(), 'tsconfig.json'),
        JSON.stringify({ compilerOptions, files: ['app.module.ts'] }),
      );
      const { stdout } = await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], {
        cwd: folder(),
      }).catch((error: { stdout: string }) => error);
      expect(stdout).toBe('');
    }
  });

  it.each(NODES)(
    'runs on Node.js %s',
    async (version) => {
      const folder = folders.get('NestJS 12')!;
      const { stdout } = await run('npx', ['-y', '-p', `node@${version}`, 'node', 'smoke.mjs', 'require'], {
        cwd: folder,
        timeout: 2 * MINUTE,
      });
      expect(JSON.parse(stdout)).toEqual(EXPECTED);
    },
    3 * MINUTE,
  );

  const newer = NODES.filter((version) => version !== '20');
  (process.env['TEST_POSTGRES_URL'] ? it : it.skip).each(newer)(
    'queues in pg-boss 12 on Node.js %s',
    async (version) => {
      const folder = folders.get('NestJS 12')!;
      const { stdout } = await run('npx', ['-y', '-p', `node@${version}`, 'node', 'queue.mjs'], {
        cwd: folder,
        timeout: 4 * MINUTE,
      });
      const { cases, failed, counts } = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<
        string,
        unknown
      >;
      expect({ failed, counts }).toEqual({
        failed: [],
        counts: { waiting: 0, active: 0, delayed: 0, dead: 0, lagMs: null },
      });
      expect(cases).toBeGreaterThan(10);
    },
    5 * MINUTE,
  );

  it(
    'works in the CommonJS jest of an application, by the documented recipe',
    async () => {
      const folder = folders.get('NestJS 11')!;
      const compilerOptions = {
        module: 'commonjs',
        moduleResolution: 'node10',
        target: 'ES2022',
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        allowJs: true,
        esModuleInterop: true,
        isolatedModules: true,
        skipLibCheck: true,
        types: ['node', 'jest'],
      };
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
      writeFileSync(join(folder, 'jest.config.js'), `module.exports = ${JSON.stringify(JEST_RECIPE)};`);
      const { stderr } = await run(process.execPath, ['node_modules/jest/bin/jest.js'], {
        cwd: folder,
      }).catch((error: { stderr: string }) => error);
      expect(stderr).toContain('1 passed, 1 total');
    },
    3 * MINUTE,
  );

  it.each([
    ['publint', ['--strict', '--pack', 'false']],
    ['@arethetypeswrong/cli', ['--profile', 'esm-only']],
  ])(
    'satisfies %s',
    async (tool, options) => {
      const target = tool === 'publint' ? packed.folder : packed.tarball;
      const { stdout, code } = await run('npx', ['-y', tool, target, ...options], {
        cwd: packed.scratch,
      }).then(
        (result) => ({ ...result, code: 0 }),
        (error: { stdout: string; code: number }) => error,
      );
      expect({ code, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stdout: '' });
    },
    3 * MINUTE,
  );
});

/** docs/testing.md shows the same. */
const JEST_RECIPE = {
  testEnvironment: 'node',
  transform: { '^.+\\.[tj]s$': 'ts-jest' },
  transformIgnorePatterns: ['/node_modules/(?!(nestjs-maestrano|@nestjs/axios|jose)/)'],
};

async function npm(folder: string, packages: readonly string[]): Promise<void> {
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error'];
  await run('npm', ['install', ...options, ...packages], { cwd: folder, timeout: 4 * MINUTE });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

function megabytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const bytes = files.reduce((sum, name) => {
    const entry = statSync(join(folder, name), { throwIfNoEntry: false });
    return sum + (entry?.isFile() ? entry.size : 0);
  }, 0);
  return bytes / 1_000_000;
}

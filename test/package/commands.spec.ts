import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { canary } from '../support/canary/canary.js';
import { type PackedPackage, packPackage } from './packed.js';
import { ROOT } from './source-files.js';

const run = promisify(execFile);

/** `nest add` and `nest g` start two processes each. */
const PATIENCE = 120_000;

let packed: PackedPackage;
beforeAll(async () => {
  packed = await packPackage();
  // What npm would install beside it.
  symlinkSync(join(ROOT, 'node_modules'), join(packed.folder, 'node_modules'));
}, PATIENCE);
afterAll(() => packed?.remove());

describe('the packed schematics', () => {
  let application: string;

  beforeAll(() => {
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

interface Ended {
  readonly code: number | null;
  /** What was seen: on a terminal both streams are one. */
  readonly out: string;
  readonly err: string;
}

describe('the packed command', () => {
  /** Words of the shell that run it. */
  const command = (...argv: string[]): string =>
    [process.execPath, join(packed.folder, 'dist/cli/main.js'), ...argv].map((one) => `'${one}'`).join(' ');

  /** @param react is called with everything that was seen so far, and writes what somebody types. */
  async function ended(
    file: string,
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    react: (seen: string, type: (text: string) => void) => void = () => undefined,
  ): Promise<Ended> {
    const { PATH = '' } = process.env;
    const child = spawn(file, argv, { env: { PATH, TERM: 'xterm-256color', ...env }, cwd: packed.scratch });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      react(out, (typed) => void child.stdin.write(typed));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    return { code, out, err };
  }

  const piped = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
    ended('sh', ['-c', command(...argv)], env);
  /** On a terminal of its own, as `script` gives one. */
  const onTerminal = (
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
    react?: Parameters<typeof ended>[3],
  ): Promise<Ended> =>
    // Without `exec`, Ctrl-C would end the shell as well, and its code count.
    ended('script', ['-qec', `exec ${command(...argv)}`, '/dev/null'], env, react);

  it(
    'writes plain text into a pipe, unless colours are asked for',
    async () => {
      const { code, out, err } = await piped(['trigger', '--list']);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^cancel +A company cancels/);
      expect(out).not.toContain('\u001b');
      expect((await piped(['trigger', '--list'], { FORCE_COLOR: '1' })).out).toContain('\u001b[2m');
      const wrong = await piped(['sandbxo']);
      expect(wrong).toEqual({ code: 2, out: '', err: expect.stringContaining('Did you mean sandbox?') });
      expect(wrong.err).not.toContain('\u001b');
    },
    PATIENCE,
  );

  it(
    'ends quietly when whoever reads has seen enough',
    async () => {
      const script = `{ ${command('comply', '--list', '--json')}; echo "code $?" >&2; } | head -c 1`;
      expect(await ended('sh', ['-c', script], {})).toEqual({ code: 0, out: '[', err: 'code 0\n' });
    },
    PATIENCE,
  );

  it(
    'shows colours on a terminal, unless they are not wanted, and ends with the same codes',
    async () => {
      const { code, out } = await onTerminal(['trigger', '--list']);
      expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('\u001b[2m') });
      expect((await onTerminal(['trigger', '--list'], { NO_COLOR: '1' })).out).not.toContain('\u001b');
      expect((await onTerminal(['--help'])).out).toContain('\u001b[1mUsage:');
      expect(await onTerminal(['sandbxo'])).toMatchObject({
        code: 2,
        out: expect.stringContaining('\u001b[31m'),
      });
    },
    PATIENCE,
  );

  it(
    'runs the sandbox on a terminal until Ctrl-C',
    async () => {
      let isTyped = false;
      const { code, out } = await onTerminal(['sandbox', '--port', '0'], {}, (seen, type) => {
        if (isTyped || !seen.includes('Ctrl-C stops it.')) return;
        isTyped = true;
        type('\u0003');
      });
      expect(code).toBe(0);
      expect(out).toContain('MNO_DEVPL_HOST=http://127.0.0.1:');
      // The keys of the sandbox are what it is there to tell.
      expect(canary().takeHits().join('\n')).toMatch(
        /^(?:stdout of a child process shows a secret [^\n]*MNO_DEVPL_[^\n]*\n?)+$/,
      );
    },
    PATIENCE,
  );
});

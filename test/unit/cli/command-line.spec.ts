import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { CliCommand } from '../../../src/cli/cli-command.js';
import { COMMANDS } from '../../../src/cli/commands.js';
import { PACKAGE_VERSION } from '../../../src/utils/package-version.js';
import { commandLine } from '../../support/command-line.js';
import { freePort } from '../../support/free-port.mjs';

const NOBODY = 'http://127.0.0.1:1';
const SILENT = { out: () => undefined, err: () => undefined, env: {}, cwd: '/' };
let cwd: string;

beforeAll(() => void (cwd = mkdtempSync(join(tmpdir(), 'command-line-'))));
afterAll(() => rmSync(cwd, { recursive: true }));

/** Every command that does something, as its words: `db check`. */
async function leaves(): Promise<{ readonly words: readonly string[]; readonly command: CliCommand }[]> {
  const found: { words: readonly string[]; command: CliCommand }[] = [];
  const walk = (words: readonly string[], command: CliCommand): void => {
    const children = command.commands.filter((one) => one.name() !== 'help') as CliCommand[];
    for (const child of children) walk([...words, child.name()], child);
    if (children.length === 0) found.push({ words, command });
  };
  for (const [name, { load }] of Object.entries(COMMANDS)) walk([name], (await load())(SILENT));
  return found;
}

/** What is needed for a command's other arguments to be looked at. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'dead-letters discard': ['42'],
  'dead-letters replay': ['42'],
  trigger: ['cancel'],
  ...Object.fromEntries(
    ['status', 'plan', 'quarantine', 'matches', 'merges', 'confirm', 'resync'].map((name) => [
      `sync ${name}`,
      ['cld-1', '--app', 'none.js#App'],
    ]),
  ),
  ...Object.fromEntries(
    ['explain', 'history', 'import-id-maps'].map((name) => [
      `sync ${name}`,
      ['cld-1', '42', '--app', 'none.js#App'],
    ]),
  ),
  'sync erase': ['cld-1', '42', '--app', 'none.js#App', '--connec', 'unlink'],
  ...Object.fromEntries(
    ['status', 'start', 'stop'].map((name) => [`sync rollout ${name}`, ['--app', 'none.js#App']]),
  ),
  'db print': ['--dialect', 'postgres'],
  'db check': ['--dialect', 'postgres'],
  'db diff': ['--dialect', 'postgres'],
  'db apply': ['--dialect', 'postgres'],
};

/** One line, of a sentence or two, that says what to do, and repeats no control character. */
function expectAdvice(outcome: { code: number; out: string; err: string }, what: string): void {
  expect({ what, ...outcome }).toEqual({ what, code: 2, out: '', err: expect.any(String) });
  expect(outcome.err).toMatch(/^[^\p{C}]+[.?] [^\p{C}]+\. \[cli\.usage\]\n$/u);
  expect(outcome.err.length).toBeLessThan(5_000);
}

describe('every command', () => {
  it('is there', async () => {
    expect((await leaves()).map(({ words }) => words.join(' '))).toEqual([
      'sandbox',
      'trigger',
      'login',
      'clock',
      'reset',
      'journal',
      'comply',
      'doctor',
      'import',
      'generate',
      'dead-letters list',
      'dead-letters replay',
      'dead-letters discard',
      'sync status',
      'sync plan',
      'sync explain',
      'sync history',
      'sync quarantine',
      'sync matches',
      'sync merges',
      'sync confirm',
      'sync resync',
      'sync erase',
      'sync import-id-maps',
      'sync rollout status',
      'sync rollout start',
      'sync rollout stop',
      'db print',
      'db check',
      'db diff',
      'db apply',
    ]);
  });

  it('explains itself, by --help and by help', async () => {
    for (const { words } of await leaves()) {
      const { code, out, err } = await commandLine([...words, '--help']);
      expect({ words, code, err }).toEqual({ words, code: 0, err: '' });
      expect(out).toMatch(new RegExp(`^Usage: nestjs-maestrano ${words.join(' ')} `));
    }
    for (const name of Object.keys(COMMANDS)) {
      expect(await commandLine(['help', name])).toEqual(await commandLine([name, '--help']));
    }
  });

  it('has --json and --env-file, and no option that is not explained', async () => {
    for (const { words, command } of await leaves()) {
      const names = command.options.map(({ long }) => long);
      expect({ words, names }).toEqual({ words, names: expect.arrayContaining(['--json', '--env-file']) });
      expect(command.options.filter(({ description }) => description === '')).toEqual([]);
    }
  });

  it('rejects an option that it has not, with a suggestion where one is near', async () => {
    for (const { words, command } of await leaves()) {
      const needed = NEEDED[words.join(' ')] ?? [];
      const what = words.join(' ');
      const stranger = await commandLine([...words, ...needed, '--zzzzzzzz'], { cwd });
      expectAdvice(stranger, what);
      expect(stranger.err).toContain(`Unknown option '--zzzzzzzz'. See nestjs-maestrano ${what} --help.`);
      for (const { long, optional, required } of command.options) {
        const misspelt = `${long!.slice(0, -1)}${long!.endsWith('x') ? 'y' : 'x'}`;
        const outcome = await commandLine(
          [...words, ...needed, misspelt, ...(optional || required ? ['1'] : [])],
          { cwd },
        );
        expectAdvice(outcome, `${what} ${misspelt}`);
        expect(outcome.err).toMatch(/Did you mean (?:one of )?--/);
      }
    }
  });

  it('rejects an option without its value', async () => {
    for (const { words, command } of await leaves()) {
      const needed = NEEDED[words.join(' ')] ?? [];
      for (const { long, required } of command.options) {
        if (!required) continue;
        const outcome = await commandLine([...words, ...needed, long!], { cwd });
        expectAdvice(outcome, `${words.join(' ')} ${long}`);
        expect(outcome.err).toContain('argument missing');
      }
    }
  });

  it('rejects more arguments than it takes', async () => {
    for (const { words, command } of await leaves()) {
      const { registeredArguments } = command;
      if (registeredArguments.some(({ variadic }) => variadic)) continue;
      const needed = NEEDED[words.join(' ')] ?? [];
      const more = registeredArguments.map(() => '42');
      expectAdvice(
        await commandLine([...words, ...needed, ...more, 'superfluous'], { cwd }),
        words.join(' '),
      );
    }
  });

  it('repeats hostile arguments without their control characters, and not as a whole', async () => {
    const hostile = `--\u001b]0;owned\u0007\r\u202e${'A'.repeat(50_000)}`;
    for (const { words } of await leaves()) {
      const needed = NEEDED[words.join(' ')] ?? [];
      const { code, out, err } = await commandLine([...words, ...needed, hostile], { cwd });
      expect({ words, code, out }).toEqual({ words, code: 2, out: '' });
      expect(err.trimEnd()).not.toMatch(/\p{C}/u);
      expect(err.length).toBeLessThan(5_000);
    }
  });
});

describe('wrong values', () => {
  it.each<readonly [argv: readonly string[], says: string]>([
    [['sandbox', '--port', '99999'], 'Give a whole number from 0 to 65535.'],
    [['sandbox', '--port', 'abc'], 'Give a whole number'],
    [['sandbox', '--port', '-1'], 'Give a whole number'],
    [['sandbox', '--port', '1e3'], 'Give a whole number'],
    [['sandbox', '--seed', 'x'], 'Give a whole number from 0.'],
    [['sandbox', '--app', 'notaurl'], 'Write it like http://localhost:3000.'],
    [['sandbox', '--app', 'javascript:alert(1)'], 'Write it like http://localhost:3000.'],
    [['sandbox', '--scenario', 'demoo'], 'Allowed choices are empty, demo'],
    [['sandbox', '--strict', '--like-2016'], 'cannot be used with'],
    [['trigger'], 'Take one of cancel'],
    [['trigger', 'cancle'], 'Did you mean cancel?'],
    [['trigger', 'constructor'], 'Take one of cancel'],
    [['trigger', 'cancel', '--times', '0'], 'from 1 to 50'],
    [['trigger', 'cancel', '--sandbox', 'localhost'], 'Write it like'],
    [['clock', '--freeze', '--run'], 'cannot be used with'],
    [['clock', '--advance', '1d', '--set', '2026-01-01'], 'cannot be used with'],
    [['journal', '--limit', '-5'], 'Give a whole number'],
    [['journal', '--part', 'connecc'], 'Allowed choices are'],
    [['comply'], 'Neither --url nor a command'],
    [['comply', '--url', 'ftp://x'], 'Write it like http://localhost:3000.'],
    [['comply', '--url', NOBODY, '--only', 'webhook-grup'], 'See nestjs-maestrano comply --list.'],
    [['comply', '--url', NOBODY, '--only', ','], 'Name one at least'],
    [['comply', '--url', NOBODY, '--wait', '0'], 'Give a whole number from 1'],
    [['comply', '--url', NOBODY, '--page', 'https://evil.example'], 'Write it like /dashboard.'],
    [['doctor', '--app-url', 'nonsense'], 'Write it like'],
    [['import'], 'Name the configuration file of your SDK'],
    [['generate', '--session', 'express'], 'Allowed choices are own, passport'],
    [['dead-letters', 'replay'], 'Which dead letter?'],
    [['dead-letters', 'replay', '7', '--all'], 'Both one dead letter and all'],
    [['dead-letters', 'discard'], "missing required argument 'id'"],
    [['dead-letters', 'list', '--limit', '0'], 'from 1'],
    [['dead-letters', 'list', '--redis', 'nonsense'], 'redis://127.0.0.1:6379'],
    [['db', 'print'], "required option '--dialect <name>' not specified"],
    [['db', 'print', '--dialect', 'oracle'], 'Allowed choices are postgres, mysql, sqlite'],
    [['db', 'check', '--dialect', 'postgres'], 'Give --url or DATABASE_URL.'],
  ])('%j', async (argv, says) => {
    const outcome = await commandLine(argv, { cwd });
    expectAdvice(outcome, argv.join(' '));
    expect(outcome.err.toLowerCase()).toContain(says.toLowerCase());
  });

  it('are not what a server is that does not respond', async () => {
    const port = await freePort();
    const { code, out, err } = await commandLine([
      'dead-letters',
      'list',
      '--redis',
      `redis://somebody:hidden-word@127.0.0.1:${port}`,
    ]);
    expect({ code, out, err }).toEqual({
      code: 1,
      out: '',
      err: `Redis at 127.0.0.1:${port} cannot be used: Redis did not respond within 5000 ms. Check --redis or REDIS_URL. [cli.server]\n`,
    });
  }, 60_000);

  it.each<readonly [argv: readonly string[], says: string]>([
    [['doctor', '--config', 'none.json'], 'none.json cannot be read (ENOENT).'],
    [['doctor', '--env-file', 'none.env'], 'none.env cannot be read (ENOENT). Name a file with --env-file.'],
    [['import', 'none.rb'], 'ENOENT'],
    [['import', '.'], ''],
    [['trigger', 'own', '--body', 'none.json'], 'none.json cannot be read (ENOENT).'],
    [['generate'], 'src/app.module.ts'],
  ])('are not what an unreadable file is: %j', async (argv, says) => {
    const { code, out, err } = await commandLine(argv, { cwd });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(says);
    expect(err).toMatch(/^[^\n]+ \[cli\.\w+\]\n$/);
  });
});

describe('the command line', () => {
  it('shows its commands, and is not understood without one', async () => {
    const help = await commandLine(['--help']);
    expect(help).toMatchObject({ code: 0, err: '' });
    for (const name of Object.keys(COMMANDS)) expect(help.out).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    expect(await commandLine([])).toMatchObject({ code: 2, out: help.out, err: '' });
    expect((await commandLine(['help'])).out).toBe(help.out);
    expect(await commandLine(['--version'])).toEqual({ code: 0, out: `${PACKAGE_VERSION}\n`, err: '' });
  });

  it('suggests a command', async () => {
    for (const argv of [['sandbxo'], ['help', 'sandbxo']]) {
      expect(await commandLine(argv)).toEqual({
        code: 2,
        out: '',
        err: "Unknown command 'sandbxo'. Did you mean sandbox? See nestjs-maestrano --help. [cli.usage]\n",
      });
    }
    expect((await commandLine(['constructor'])).code).toBe(2);
    expect(await commandLine(['help', 'constructor'])).toMatchObject({ code: 2, out: '' });
    expect((await commandLine(['dead-letters', 'lst'])).err).toContain('Did you mean list?');
    expect((await commandLine(['db'])).code).toBe(2);
  });

  it('shows colours where they are wanted', async () => {
    const colours = { out: true, err: true };
    const { out } = await commandLine(['trigger', '--list'], { colours });
    expect(out).toContain('\u001b[2m');
    expect((await commandLine(['trigger', '--list'])).out).not.toContain('\u001b');
    expect((await commandLine(['nothing'], { colours })).err).toContain('\u001b[31m');
    expect((await commandLine(['--help'], { colours })).out).toContain('\u001b[1m');
  });

  it('reads .env, or the files that are named; what is set wins', async () => {
    writeFileSync(join(cwd, '.env'), 'MNO_DEVPL_HOST=http://127.0.0.1:1\n');
    writeFileSync(join(cwd, 'a.env'), 'MNO_DEVPL_HOST="http://127.0.0.1:2" # a comment\n');
    writeFileSync(join(cwd, 'b.env'), 'export MNO_DEVPL_HOST=http://127.0.0.1:3\n');
    const asked = async (argv: readonly string[], env = {}): Promise<string | undefined> =>
      /http:\/\/127\.0\.0\.1:\d+/.exec((await commandLine(['clock', ...argv], { cwd, env })).err)?.[0];
    expect(await asked([])).toBe('http://127.0.0.1:1');
    expect(await asked(['--env-file', 'a.env'])).toBe('http://127.0.0.1:2');
    expect(await asked(['--env-file', 'a.env', '--env-file', 'b.env'])).toBe('http://127.0.0.1:3');
    expect(await asked([], { MNO_DEVPL_HOST: 'http://127.0.0.1:4' })).toBe('http://127.0.0.1:4');
    // The real developer platform is no sandbox.
    expect(await asked([], { MNO_DEVPL_HOST: 'https://developer.example' })).toBe('http://127.0.0.1:4100');
    rmSync(join(cwd, '.env'));
  });
});

import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { CliIo } from '../../src/cli/cli-io.js';
import { driver } from '../../src/cli/db/open-database.js';
import { type CommandOutcome, commandLine } from '../support/command-line.js';
import { isThere, makeDatabase, type Server, type TestDatabase } from './support/databases.js';

/** Where the drivers are, as in an application. */
const APPLICATION = join(import.meta.dirname);

const command = (
  argv: string[],
  { cwd = APPLICATION, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<CommandOutcome> => commandLine(['db', ...argv], { cwd, env });

const DATABASES: readonly { readonly server: Server; readonly dialect: string }[] = [
  { server: 'postgres', dialect: 'postgres' },
  { server: 'mariadb', dialect: 'mysql' },
  { server: 'sqlite', dialect: 'sqlite' },
];

describe.each(DATABASES.filter(({ server }) => isThere(server)))(
  'nestjs-maestrano db on $server',
  ({ server, dialect }) => {
    let database: TestDatabase;

    beforeEach(async () => {
      database = await makeDatabase(server);
    });
    afterEach(() => database.drop());

    const db = (task: string, ...more: string[]): ReturnType<typeof command> =>
      command([task, '--dialect', dialect, ...more], { env: { DATABASE_URL: database.url } });

    it('says what is missing, makes it, and finds it', async () => {
      const missing = await db('check');
      expect(missing).toMatchObject({ code: 1, err: '' });
      expect(missing.out).toContain('table maestrano_entry is missing');
      const difference = await db('diff');
      expect(difference.code).toBe(1);
      expect(difference.out).toContain((await db('print')).out);

      const applied = await db('apply');
      expect(applied).toMatchObject({ code: 0, err: '' });
      expect(applied.out).toContain('create table if not exists');
      expect(applied.out).toMatch(/all tables are as they have to be\n$/);
      expect(await db('check')).toMatchObject({ code: 0 });
      expect(await db('diff')).toEqual({ code: 0, out: '', err: '' });
      expect(await db('apply')).toMatchObject({ code: 0, err: '' });
    });

    it('takes names', async () => {
      expect(await db('apply', '--prefix', 'mine_', '--url', database.url)).toMatchObject({ code: 0 });
      expect(await db('check', '--prefix', 'mine_')).toMatchObject({ code: 0 });
      expect(await db('check')).toMatchObject({ code: 1 });
    });

    it('fails in one line where the database is another one', async () => {
      const other = dialect === 'postgres' ? 'mysql' : 'postgres';
      const url = dialect === 'sqlite' ? 'postgres://x@127.0.0.1:1/x' : database.url;
      const failed = await command(['check', '--dialect', other, '--url', url]);
      expect(failed.code).toBe(1);
      expect(failed.err.trimEnd()).not.toBe('');
    }, 60_000);
  },
);

describe('nestjs-maestrano db', () => {
  it.each(['postgres', 'mysql', 'sqlite'])('prints the tables for %s without a database', async (dialect) => {
    const { code, out } = await command(['print', '--dialect', dialect, '--prefix', 'mine_']);
    expect(code).toBe(0);
    expect(out).toMatch(/^-- nestjs-maestrano, version 1:/);
    expect(out).toMatch(/create table if not exists ["`]mine_entry["`]/);
    expect(out).not.toMatch(/\{|\}|\bdrop\b|maestrano_/);
  });

  it('prints nothing behind the last version', async () => {
    expect(await command(['print', '--dialect', 'postgres', '--from', '99'])).toEqual({
      code: 0,
      out: '',
      err: '',
    });
  });

  it.each([
    [['print'], '--dialect'],
    [['print', '--dialect', 'oracle'], 'postgres, mysql, sqlite'],
    [['drop', '--dialect', 'postgres'], "Unknown command 'drop'"],
    [['check', '--dialect', 'postgres'], 'No database is named'],
    [['print', '--dialect', 'postgres', '--from', '-1'], '--from'],
    [['print', '--dialect', 'postgres', '--colour'], 'colour'],
  ])('does not understand %p', async (argv, message) => {
    const { code, err } = await command(argv);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
  });

  it('needs a driver that the application has', () => {
    const io: CliIo = { cwd: '/', env: {}, out: () => undefined, err: () => undefined };
    // Under jest the drivers themselves are found from anywhere.
    expect(() => driver('pgx/native', io, ', or print the text')).toThrow(
      expect.objectContaining({
        code: 'cli.application',
        message: expect.stringContaining('pgx is not installed in /'),
        remedy: 'Run npm install pgx, or print the text.',
      }),
    );
  });

  it('explains itself', async () => {
    expect((await command(['--help'])).code).toBe(0);
    expect((await command([])).code).toBe(2);
  });
});

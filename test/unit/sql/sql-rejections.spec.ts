import { describe, expect, it } from '@jest/globals';

import { sqlRejection } from '../../../src/sql/sql-rejections.js';

const coded = (message: string, facts: object): Error => Object.assign(new Error(message), facts);

/** As the libraries throw them; whatever a person typed is `secret`. */
const SEEN: readonly [from: string, error: unknown, expected: object][] = [
  [
    'pg, not null',
    coded('null value in column "owner" of relation "t" violates not-null constraint', {
      code: '23502',
      column: 'owner',
      detail: 'Failing row contains (1, secret, null).',
    }),
    { kind: 'notNull', code: '23502', columns: ['owner'] },
  ],
  [
    'pg, unique',
    coded('duplicate key value violates unique constraint "t_email"', {
      code: '23505',
      constraint: 't_email',
      detail: 'Key (company, email)=(cld-1, secret) already exists.',
    }),
    { kind: 'unique', columns: ['company', 'email'], constraint: 't_email' },
  ],
  [
    'pg, a type',
    coded('invalid input syntax for type integer: "secret"', { code: '22P02' }),
    { kind: 'value' },
  ],
  [
    'pg, a trigger that names what it likes',
    coded('no "secret" here', { code: '23514', routine: 'exec_stmt_raise', constraint: 'secret' }),
    { kind: 'raised', columns: [], constraint: null },
  ],
  ['pg, an expression', coded('function nwo() does not exist', { code: '42883' }), { kind: 'statement' }],
  [
    'mysql2, unique',
    coded("Duplicate entry 'secret' for key 'x' for key 't.t_email'", {
      code: 'ER_DUP_ENTRY',
      errno: 1062,
      sqlState: '23000',
    }),
    { kind: 'unique', code: '1062', constraint: 't_email', columns: [] },
  ],
  [
    'mysql2, too long',
    coded("Data too long for column 'name' at row 1", { errno: 1406, sqlState: '22001' }),
    { kind: 'value', columns: ['name'] },
  ],
  [
    'MariaDB, a type',
    coded("Incorrect integer value: 'secret' for column `d`.`t`.`age` at row 1", { errno: 1366 }),
    { kind: 'value', columns: ['age'] },
  ],
  [
    'MariaDB, a check',
    coded('CONSTRAINT `t_age` failed for `d`.`t`', { errno: 4025 }),
    { kind: 'check', constraint: 't_age' },
  ],
  [
    'mysql2, no default',
    coded("Field 'owner' doesn't have a default value", { errno: 1364 }),
    { kind: 'notNull', columns: ['owner'] },
  ],
  [
    'mysql2, a foreign key',
    coded(
      'Cannot add or update a child row: a foreign key constraint fails (`d`.`t`, CONSTRAINT `t_fk` FOREIGN KEY (`a`) REFERENCES `b` (`id`))',
      { errno: 1452 },
    ),
    { kind: 'foreignKey', constraint: 't_fk' },
  ],
  ['mysql2, a trigger', coded('secret', { errno: 1644, sqlState: '45000' }), { kind: 'raised' }],
  [
    'better-sqlite3, unique',
    coded('UNIQUE constraint failed: t.company, t.email', { code: 'SQLITE_CONSTRAINT_UNIQUE' }),
    { kind: 'unique', columns: ['company', 'email'] },
  ],
  [
    'a library with one code for all of SQLite',
    coded("insert into t values ('secret') - NOT NULL constraint failed: t.owner", {
      code: 'SQLITE_CONSTRAINT',
    }),
    { kind: 'notNull', columns: ['owner'] },
  ],
  [
    'node:sqlite, a check',
    coded('CHECK constraint failed: t_age', { code: 'ERR_SQLITE_ERROR', errcode: 275 }),
    { kind: 'check', constraint: 't_age' },
  ],
  [
    'Prisma',
    coded('Raw query failed', {
      code: 'P2010',
      meta: {
        driverAdapterError: coded('x', {
          cause: {
            originalCode: '23502',
            originalMessage: 'null value in column "owner" of relation "t" violates not-null constraint',
          },
        }),
      },
    }),
    { kind: 'notNull', code: '23502', columns: ['owner'] },
  ],
];

/** Nothing is certain after these, or another attempt may do better. */
const UNCERTAIN: readonly unknown[] = [
  coded('deadlock detected', { code: '40P01' }),
  coded('could not serialize access', { code: '40001', routine: 'exec_stmt_raise' }),
  coded('canceling statement due to statement timeout', { code: '57014' }),
  coded('Lock wait timeout', { code: 'ER_LOCK_WAIT_TIMEOUT', errno: 1205 }),
  coded('Connection terminated unexpectedly', {}),
  coded('read ECONNRESET', { code: 'ECONNRESET' }),
  coded('write EPIPE', { code: 'EPIPE' }),
  coded('database is locked', { code: 'SQLITE_BUSY' }),
  coded('disk I/O error', { code: 'SQLITE_IOERR' }),
  coded('terminating connection due to administrator command', { code: '57P01' }),
  coded('the table is full', { errno: 1114 }),
  new Error('a bug of the source'),
  'a text',
];

describe('a write that the database does not accept', () => {
  it.each(SEEN)('%s', (_from, error, expected) => {
    const rejection = sqlRejection(error);
    expect(rejection).toMatchObject(expected);
    expect(JSON.stringify(rejection)).not.toContain('secret');
  });

  it.each(UNCERTAIN)('is told from one of which nothing is certain: %p', (error) => {
    expect(sqlRejection(error)).toBeNull();
  });
});

import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { MaestranoSqlError } from '../../../src/errors/sql.error.js';
import { sqlError, sqlErrorCode } from '../../../src/sql/sql-failures.js';

const coded = (message: string, facts: object): Error => Object.assign(new Error(message), facts);

/** As the libraries throw them, with what they wrap around the errors of drivers. */
const SEEN: readonly [from: string, code: string, error: unknown][] = [
  ['pg', 'sql.contention', coded('deadlock detected', { code: '40P01' })],
  ['pg', 'sql.contention', coded('could not serialize access', { code: '40001' })],
  ['pg', 'sql.tables', coded('relation "maestrano_entry" does not exist', { code: '42P01' })],
  ['pg', 'sql.tables', coded('column e.writer does not exist', { code: '42703' })],
  ['pg', 'sql.readOnly', coded('cannot execute INSERT in a read-only transaction', { code: '25006' })],
  ['pg, wrong dialect', 'sql.dialect', coded('syntax error at or near "?"', { code: '42601' })],
  ['pg-pool', 'sql.timeout', coded('timeout exceeded when trying to connect', {})],
  ['pg-pool', 'sql.timeout', coded('Connection terminated due to connection timeout', {})],
  ['pg, a lost connection', 'sql.failed', coded('Connection terminated unexpectedly', {})],
  [
    'mysql2',
    'sql.contention',
    coded('Deadlock found', { code: 'ER_LOCK_DEADLOCK', errno: 1213, sqlState: '40001' }),
  ],
  ['mysql2', 'sql.contention', coded('Lock wait timeout', { code: 'ER_LOCK_WAIT_TIMEOUT', errno: 1205 })],
  ['mysql2', 'sql.tables', coded('no table', { code: 'ER_NO_SUCH_TABLE', errno: 1146, sqlState: '42S02' })],
  ['mysql2', 'sql.readOnly', coded('--read-only', { code: 'ER_OPTION_PREVENTS_STATEMENT', errno: 1290 })],
  ['mysql2', 'sql.dialect', coded('near', { code: 'ER_PARSE_ERROR', errno: 1064, sqlState: '42000' })],
  ['mysql2, a refused connection', 'sql.failed', coded('connect', { code: 'ECONNREFUSED', errno: -111 })],
  ['better-sqlite3', 'sql.contention', coded('database is locked', { code: 'SQLITE_BUSY_SNAPSHOT' })],
  ['better-sqlite3', 'sql.tables', coded('no such table: maestrano_entry', { code: 'SQLITE_ERROR' })],
  ['better-sqlite3', 'sql.dialect', coded('near "from": syntax error', { code: 'SQLITE_ERROR' })],
  [
    'better-sqlite3',
    'sql.readOnly',
    coded('attempt to write a readonly database', { code: 'SQLITE_READONLY' }),
  ],
  ['node:sqlite', 'sql.contention', coded('database is locked', { code: 'ERR_SQLITE_ERROR', errcode: 5 })],
  ['Knex', 'sql.timeout', coded('Knex: Timeout acquiring a connection. The pool is probably full.', {})],
  [
    'Drizzle',
    'sql.contention',
    coded('Failed query: insert', { cause: coded('deadlock', { code: '40P01' }) }),
  ],
  ['TypeORM', 'sql.contention', coded('x', { driverError: coded('deadlock', { code: '40P01' }) })],
  ['Sequelize', 'sql.contention', coded('x', { parent: coded('deadlock', { code: '40P01' }) })],
  [
    'Prisma on MariaDB',
    'sql.contention',
    coded('Raw query failed', {
      code: 'P2010',
      meta: {
        driverAdapterError: coded('x', { cause: { originalCode: '1213', kind: 'TransactionWriteConflict' } }),
      },
    }),
  ],
  ['a vendor', 'sql.failed', 'a text'],
  ['a vendor', 'sql.failed', null],
];

describe('errors of databases', () => {
  it.each(SEEN)('of %s: %s', (_from, code, error) => {
    expect(sqlErrorCode(error)).toBe(code);
    expect(sqlError(error)).toMatchObject({ code, name: 'MaestranoSqlError' });
  });

  it('leaves our own as they are', () => {
    const own = new MaestranoSqlError('sql.rows');
    expect(sqlError(own)).toBe(own);
  });

  it('ends for errors that lead around in a circle', () => {
    const error = coded('round', {});
    error.cause = error;
    expect(sqlErrorCode(error)).toBe('sql.failed');
  });

  it.each([
    coded('Failed query: insert into e values ($1)\nparams: secret', {
      params: ['secret'],
      cause: coded('x', {}),
    }),
    coded('Failed query: insert into e values ($1)\nparams: secret', { params: ['secret'] }),
    coded("Duplicate entry 'it's secret' for key 'PRIMARY'", { errno: 1062, sql: "insert 'secret'" }),
    coded('duplicate key value', { code: '23505', detail: 'Key (key)=(secret) already exists.' }),
    coded('invalid input syntax for type json: "{"secret"', { code: '22P02' }),
    coded('query failed', { query: 'secret', parameters: ['secret'], driverError: coded('boom', {}) }),
  ])('keeps values out of what is thrown: %p', (error) => {
    expect(inspect(sqlError(error), { depth: 9, showHidden: true })).not.toContain('secret');
  });

  it('keeps what an operator needs', () => {
    const error = sqlError(coded('connect ECONNREFUSED 127.0.0.1:5432', { code: 'ECONNREFUSED' }));
    expect(error.cause).toMatchObject({
      code: 'ECONNREFUSED',
      message: 'connect ECONNREFUSED 127.0.0.1:5432',
    });
  });
});

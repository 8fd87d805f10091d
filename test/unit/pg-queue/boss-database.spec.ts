import { describe, expect, it } from '@jest/globals';

import { bossDatabase, transactionIn } from '../../../src/pg-queue/boss-database.js';
import { createSqlExecutor, type SqlExecutor, type SqlParameter } from '../../../src/sql/sql-executor.js';

function recording(fails = ''): { readonly executor: SqlExecutor; readonly sent: [string, unknown][] } {
  const sent: [string, unknown][] = [];
  const query = async (text: string, parameters: readonly SqlParameter[]) => {
    sent.push([text, parameters]);
    if (fails !== '' && text.includes(fails))
      throw new Error('wrapped', { cause: new Error('it already exists') });
    return [{ text }];
  };
  const execute = async (text: string, parameters: readonly SqlParameter[]): Promise<number> =>
    (await query(text, parameters)).length;
  const executor = createSqlExecutor<object>({
    dialect: 'postgres',
    native: {},
    statements: () => ({ query, execute }),
    transaction: async (work) => {
      sent.push(['begin', null]);
      return work({});
    },
    isTransaction: () => true,
  });
  return { executor, sent };
}

describe('the database of pg-boss', () => {
  it('takes apart what is a transaction of several statements, and nothing else', () => {
    const text = `
      BEGIN;
      SET LOCAL lock_timeout = '30s';
      CREATE FUNCTION f() RETURNS void AS $$ BEGIN; 'a;b'; END; $$ LANGUAGE plpgsql; -- no; end
      select ';', "a;b", $body$ ; $body$ /* ; */;
      COMMIT;
    `;
    const statements = transactionIn(text)!;
    expect(statements).toHaveLength(3);
    expect(statements[1]).toMatch(/^CREATE FUNCTION.*LANGUAGE plpgsql$/);
    expect(statements[2]).toContain('$body$ ; $body$');
    expect(transactionIn('select 1; select 2')).toBeNull();
  });

  it('carries it out in a transaction of the executor', async () => {
    const { executor, sent } = recording();
    await bossDatabase(executor).executeSql('begin; one; two; commit;');
    expect(sent.map(([text]) => text)).toEqual(['begin', 'one', 'two']);
  });

  it('returns the rows of all statements of one text, as pg-boss 12 wants them', async () => {
    const { executor } = recording();
    const { rows } = await bossDatabase(executor).executeSql(
      'BEGIN; SET LOCAL a = 1; SELECT pg_advisory_xact_lock((1 + f(2))::bigint); update t set a = 1 returning a; COMMIT;',
    );
    expect(rows).toEqual([
      { text: 'SELECT pg_advisory_xact_lock((1 + f(2))::bigint)::text as pg_advisory_xact_lock' },
      { text: 'update t set a = 1 returning a' },
    ]);
  });

  it('reads what every library can read', async () => {
    const { executor, sent } = recording();
    const database = bossDatabase(executor);
    await database.executeSql("SELECT to_regclass('q.version') as name");
    await database.executeSql('select id, expire_in as "expireIn" from q.job');
    expect(await database.executeSql('SELECT q.create_queue($1, $2)', ['a', {}])).toEqual({ rows: [] });
    expect(sent.map(([text]) => text)).toEqual([
      "SELECT to_regclass('q.version')::text as name",
      'select id, expire_in::text as "expireIn" from q.job',
      'SELECT q.create_queue($1, $2)',
    ]);
  });

  it('sends values in one form with every library', async () => {
    const { executor, sent } = recording();
    const values = [undefined, true, { a: 1 }, ['x"y', null, 'a\\b'], new Date(0), 'text', 7];
    await bossDatabase(executor).executeSql('one', values);
    expect(sent[0]![1]).toEqual([
      null,
      'true',
      '{"a":1}',
      '{"x\\"y",NULL,"a\\\\b"}',
      '1970-01-01T00:00:00.000Z',
      'text',
      7,
    ]);
  });

  it('shows the error of the driver, whatever a library wraps around it', async () => {
    const { executor } = recording('two');
    await expect(bossDatabase(executor).executeSql('begin; one; two; commit')).rejects.toThrow(
      'already exists',
    );
  });
});

import { SQL_NOW } from '../../sql/sql-dialect.js';
import type { SqlDialect, SqlExecutor, SqlRow } from '../../sql/sql-executor.js';
import { numberOf, rowsOf } from '../../sql/sql-values.js';
import { Statement } from './statement.js';

/** The token of a lease on the scope for so many milliseconds from now; null while somebody else holds it. */
export async function acquireLease(
  executor: SqlExecutor,
  table: string,
  key: string,
  ttl: number,
): Promise<number | null> {
  const { dialect } = executor;
  const now = SQL_NOW[dialect];
  if (dialect !== 'mysql') {
    const statement = new Statement(dialect);
    const rows = await executor.query(
      `insert into ${table} as l (scope_key, token, held_until)
        values (${statement.text(key)}, 1, ${now} + ${statement.integer(ttl)})
        on conflict (scope_key) do update set token = l.token + 1, held_until = excluded.held_until
        where l.held_until <= ${now} returning token`,
      statement.parameters,
    );
    const [row] = rowsOf(rows);
    return row ? numberOf(row, 'token') : null;
  }
  return executor.transaction(async (inside) => {
    await addRow(inside, table, key, { token: 0, held_until: 0 });
    const row = await leaseRow(inside, table, key);
    if (numberOf(row, 'is_free') !== 1) return null;
    const token = numberOf(row, 'token') + 1;
    const set = new Statement(dialect);
    await inside.execute(
      `update ${table} set token = ${set.integer(token)}, held_until = ${now} + ${set.integer(ttl)}
        where scope_key = ${set.text(key)}`,
      set.parameters,
    );
    return token;
  });
}

/** Moves the end of a lease, if it is still the one of the token and was not released. */
export async function renewLease(
  executor: SqlExecutor,
  table: string,
  { key, token }: { readonly key: string; readonly token: number },
  ttl: number,
): Promise<boolean> {
  const { dialect } = executor;
  const set = new Statement(dialect);
  const text = `update ${table} set held_until = ${SQL_NOW[dialect]} + ${set.integer(ttl)}
    where scope_key = ${set.text(key)} and token = ${set.integer(token)} and held_until > 0`;
  if (dialect !== 'mysql') {
    return rowsOf(await executor.query(`${text} returning 1 as done`, set.parameters)).length > 0;
  }
  // What MySQL counts depends on the connection: the row is looked at instead.
  return executor.transaction(async (inside) => {
    const row = await leaseRow(inside, table, key);
    if (!row || numberOf(row, 'token') !== token || numberOf(row, 'is_released') === 1) return false;
    await inside.execute(text, set.parameters);
    return true;
  });
}

/** The lease of a scope, locked until the transaction ends. */
export async function leaseRow(
  executor: SqlExecutor,
  table: string,
  key: string,
): Promise<SqlRow | undefined> {
  const statement = new Statement(executor.dialect);
  const rows = await executor.query(
    `select token, case when held_until <= ${SQL_NOW[executor.dialect]} then 1 else 0 end as is_free,
      case when held_until = 0 then 1 else 0 end as is_released
      from ${table} where scope_key = ${statement.text(key)} ${forUpdate(executor.dialect)}`,
    statement.parameters,
  );
  return rowsOf(rows)[0];
}

/** Adds the row of a scope where there is none. Its values are ours, never from outside. */
export async function addRow(
  { dialect, execute }: Pick<SqlExecutor, 'dialect' | 'execute'>,
  table: string,
  key: string,
  columns: Readonly<Record<string, '{}' | number>>,
): Promise<void> {
  const statement = new Statement(dialect);
  const values = Object.values(columns).map((value) => (typeof value === 'number' ? value : `'${value}'`));
  const mysql = dialect === 'mysql';
  await execute(
    `insert ${mysql ? 'ignore ' : ''}into ${table} (scope_key, ${Object.keys(columns).join(', ')})
      values (${statement.text(key)}, ${values.join(', ')})${mysql ? '' : ' on conflict (scope_key) do nothing'}`,
    statement.parameters,
  );
}

/** Locks the rows that are read. SQLite has one writer anyway. */
export function forUpdate(dialect: SqlDialect): string {
  return dialect === 'sqlite' ? '' : 'for update';
}

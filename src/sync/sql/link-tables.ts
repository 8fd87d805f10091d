import type { SqlDialect, SqlExecutor } from '../../sql/sql-executor.js';
import { tableName, type SqlTableOptions } from '../../sql/sql-tables.js';
import { rowsOf, textOf } from '../../sql/sql-values.js';
import { withoutValues } from '../store/history-values.js';
import type { SyncCommit, SyncHistoryEntry } from '../store/sync-store.js';
import { keyText, LINK_COLUMNS, rowOf } from './link-rows.js';
import { Statement } from './statement.js';

const TABLES = ['lease', 'group', 'stream', 'link', 'match', 'history', 'hint'] as const;

/** The tables as they stand in statements. */
export type SyncTables = Readonly<Record<(typeof TABLES)[number], string>>;

/** The columns of `sync_link` in which no two links of an entity have the same. */
const UNIQUE = ['app_id', 'connec_id', 'external_id'] as const;

/** The columns of its key; the first of {@link LINK_COLUMNS} is the last of them. */
const KEY_COLUMNS = ['scope_key', 'entity', 'link_key'] as const;

/** History entries kept for each link. */
const HISTORY = 20;

/** @throws MaestranoSqlError `sql.tables` for a prefix or schema that is no name */
export function syncTables(dialect: SqlDialect, options: SqlTableOptions): SyncTables {
  const names = TABLES.map((name) => [name, tableName(dialect, options, `sync_${name}`)]);
  return Object.fromEntries(names) as SyncTables;
}

/** Whether two links of the commit would hold one id. */
export function hasDuplicates({ links = [] }: SyncCommit): boolean {
  const ids = [
    links.map(({ key }) => key),
    links.map(({ app }) => app.id),
    links.map(({ connec }) => connec.id),
    links.map(({ externalId }) => externalId),
  ];
  return ids.some((all) => {
    const given = all.filter((id) => id !== null);
    return new Set(given).size < given.length;
  });
}

/** Whether a link that the commit does not touch has an id of one that it writes. */
export async function isHeldElsewhere(
  executor: SqlExecutor,
  tables: SyncTables,
  key: string,
  { entity, links = [], removed = [] }: SyncCommit,
): Promise<boolean> {
  const own = new Set([...removed, ...links.map((link) => link.key)].map(keyText));
  const rows = links.map(rowOf);
  for (const column of UNIQUE) {
    const ids = rows.flatMap((row) => (row[column] === null ? [] : [{ id: row[column] }]));
    if (ids.length === 0) continue;
    const statement = new Statement(executor.dialect);
    const found = await executor.query(
      `select l.link_key from ${statement.rows('r', { id: 'key' }, ids)}
        ${statement.join} ${tables.link} l on l.${column} = r.id
        where l.scope_key = ${statement.text(key)} and l.entity = ${statement.text(keyText(entity))}`,
      statement.parameters,
    );
    if (rowsOf(found).some((row) => !own.has(textOf(row, 'link_key')))) return true;
  }
  return false;
}

/** Writes everything of a commit; inside a transaction that holds the lease's row. */
export async function writeCommit(
  executor: SqlExecutor,
  tables: SyncTables,
  key: string,
  changes: SyncCommit,
): Promise<void> {
  const { links = [], removed = [], stream, hints = [], history = [], forgetValues } = changes;
  const entity = keyText(changes.entity);
  const rows = links.map(rowOf);
  const keys = [...removed.map(keyText), ...rows.map((row) => String(row.link_key))].map((id) => ({ id }));
  const execute = async (text: (statement: Statement) => string): Promise<void> => {
    const statement = new Statement(executor.dialect);
    await executor.execute(text(statement), statement.parameters);
  };
  const deleteBy = (table: string, column: string, ids: readonly { readonly id: string }[]): Promise<void> =>
    execute(
      (s) => `delete from ${table} where scope_key = ${s.text(key)} and entity = ${s.text(entity)}
        and ${column} in (select id from ${s.rows('r', { id: 'key' }, ids)})`,
    );
  if (keys.length > 0) {
    await deleteBy(tables.match, 'link_key', keys);
    const gone = removed.map((id) => ({ id: keyText(id) }));
    if (gone.length > 0) {
      await deleteBy(tables.link, 'link_key', gone);
      // Nobody finds it any more.
      await deleteBy(tables.history, 'link_key', gone);
    }
  }
  if (rows.length > 0) {
    const names = Object.keys(LINK_COLUMNS);
    const { dialect } = executor;
    // Ids move from one link to another within a commit: those that give one away go before the first one comes. In
    // MySQL all do: what an `insert` overwrites there may be another link, by an index other than that of the keys.
    if (dialect === 'mysql') {
      await deleteBy(
        tables.link,
        'link_key',
        rows.map(({ link_key: id }) => ({ id: String(id) })),
      );
    } else await execute((s) => deleteGiving(s, tables.link, { key, entity }, rows));
    const update = dialect === 'mysql' ? '' : overwriting(dialect, names.slice(1), KEY_COLUMNS);
    await execute(
      (s) => `insert into ${tables.link} (scope_key, entity, ${names.join(', ')})
        select ${s.text(key)}, ${s.text(entity)}, ${names.map((name) => `r.${name}`).join(', ')}
        from ${s.rows('r', LINK_COLUMNS, rows)} where 1 = 1 ${update}`,
    );
  }
  const matches = links.flatMap((link) =>
    [...new Set(link.matchKeys)].map((id) => ({ id: keyText(id), link_key: keyText(link.key) })),
  );
  if (matches.length > 0) {
    await execute(
      (s) => `insert into ${tables.match} (scope_key, entity, match_key, link_key)
        select ${s.text(key)}, ${s.text(entity)}, r.id, r.link_key
        from ${s.rows('r', { id: 'key', link_key: 'key' }, matches)}`,
    );
  }
  if (stream) await putBodies(executor, tables.stream, key, entity, [{ body: JSON.stringify(stream) }]);
  if (hints.length > 0) {
    await deleteBy(
      tables.hint,
      'hint_id',
      hints.map((id) => ({ id: keyText(id) })),
    );
  }
  if (history.length > 0) await addHistory(executor, tables, key, entity, history);
  if (forgetValues) {
    const kept = await readHistory(executor, tables, key, entity, forgetValues.keys.map(keyText));
    const left = [...kept].map(
      ([link, entries]) => [link, withoutValues(entries, forgetValues.before)] as const,
    );
    await putHistory(executor, tables, key, entity, new Map(left));
  }
}

/** Deletes the rows that hold an id which the commit takes from them. */
function deleteGiving(
  statement: Statement,
  table: string,
  { key, entity }: { readonly key: string; readonly entity: string },
  rows: readonly ReturnType<typeof rowOf>[],
): string {
  const columns = { link_key: 'key', app_id: 'key', connec_id: 'key', external_id: 'key' } as const;
  const wanted = rows.map(({ link_key, app_id, connec_id, external_id }) => ({
    link_key,
    app_id,
    connec_id,
    external_id,
  }));
  const given = UNIQUE.map(
    (name) => `(l.${name} is not null and (r.${name} is null or r.${name} <> l.${name}))`,
  );
  return `delete from ${table} where scope_key = ${statement.text(key)} and entity = ${statement.text(entity)}
    and link_key in (
      select l.link_key from ${statement.rows('r', columns, wanted)}
      ${statement.join} ${table} l on l.link_key = r.link_key
      where l.scope_key = ${statement.text(key)} and l.entity = ${statement.text(entity)} and (${given.join(' or ')})
    )`;
}

async function addHistory(
  executor: SqlExecutor,
  tables: SyncTables,
  key: string,
  entity: string,
  added: readonly SyncHistoryEntry[],
): Promise<void> {
  const links = [...new Set(added.map((entry) => keyText(entry.key)))];
  const entries = await readHistory(executor, tables, key, entity, links);
  for (const entry of added) {
    const link = keyText(entry.key);
    entries.set(link, [entry, ...(entries.get(link) ?? [])].slice(0, HISTORY));
  }
  await putHistory(executor, tables, key, entity, entries);
}

/** The history of some links, by their keys as they stand in the table. */
async function readHistory(
  executor: SqlExecutor,
  tables: SyncTables,
  key: string,
  entity: string,
  links: readonly string[],
): Promise<Map<string, readonly SyncHistoryEntry[]>> {
  const read = new Statement(executor.dialect);
  const ids = links.map((id) => ({ id }));
  const rows = await executor.query(
    `select h.link_key, h.body from ${read.rows('r', { id: 'key' }, ids)}
      ${read.join} ${tables.history} h on h.link_key = r.id
      where h.scope_key = ${read.text(key)} and h.entity = ${read.text(entity)}`,
    read.parameters,
  );
  return new Map(
    rowsOf(rows).map((row) => [
      textOf(row, 'link_key'),
      JSON.parse(textOf(row, 'body')) as readonly SyncHistoryEntry[],
    ]),
  );
}

async function putHistory(
  executor: SqlExecutor,
  tables: SyncTables,
  key: string,
  entity: string,
  entries: ReadonlyMap<string, readonly SyncHistoryEntry[]>,
): Promise<void> {
  const bodies = [...entries].map(([link, list]) => ({ link_key: link, body: JSON.stringify(list) }));
  if (bodies.length > 0) await putBodies(executor, tables.history, key, entity, bodies);
}

async function putBodies(
  executor: SqlExecutor,
  table: string,
  key: string,
  entity: string,
  rows: readonly Readonly<Record<string, string>>[],
): Promise<void> {
  const names = Object.keys(rows[0] ?? {});
  const columns = Object.fromEntries(
    names.map((name) => [name, name === 'body' ? ('text' as const) : ('key' as const)]),
  );
  const statement = new Statement(executor.dialect);
  const own = names.filter((name) => name !== 'body');
  const text = `insert into ${table} (scope_key, entity, ${names.join(', ')})
    select ${statement.text(key)}, ${statement.text(entity)}, ${names.map((name) => `r.${name}`).join(', ')}
    from ${statement.rows('r', columns, rows)} where 1 = 1
    ${overwriting(executor.dialect, ['body'], ['scope_key', 'entity', ...own])}`;
  await executor.execute(text, statement.parameters);
}

/** What an `insert` does with a row that is there: it takes the new values. */
export function overwriting(dialect: SqlDialect, columns: readonly string[], key: readonly string[]): string {
  if (dialect === 'mysql') {
    return `on duplicate key update ${columns.map((name) => `${name} = values(${name})`).join(', ')}`;
  }
  return `on conflict (${key.join(', ')}) do update set ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}`;
}

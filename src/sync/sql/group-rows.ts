import type { SqlExecutor } from '../../sql/sql-executor.js';
import { rowsOf, textOf } from '../../sql/sql-values.js';
import { storeKey } from '../../stores/store-key.js';
import {
  NEW_GROUP,
  type SyncGroupChanges,
  type SyncGroupPage,
  type SyncGroupState,
  type SyncScope,
} from '../store/sync-store.js';
import { scopeKey } from './link-rows.js';
import { Statement } from './statement.js';
import { addRow, forUpdate } from './sync-leases.js';

/** The state as it is kept: with the names of the group, which its key may hold as a digest only. */
interface KeptGroup extends Partial<SyncGroupState> {
  readonly of?: readonly [marketplace: string, groupUid: string];
}

/** The state of a row. */
export function groupOf(body: string): SyncGroupState {
  const { of: _names, ...state } = JSON.parse(body) as KeptGroup;
  return { ...NEW_GROUP, ...state };
}

/** Changes the state of a group; inside a transaction. */
export async function writeGroup(
  executor: SqlExecutor,
  table: string,
  scope: SyncScope,
  changes: SyncGroupChanges,
): Promise<SyncGroupState> {
  const key = scopeKey(scope);
  await addRow(executor, table, key, { body: '{}' });
  const read = new Statement(executor.dialect);
  const rows = await executor.query(
    `select body from ${table} where scope_key = ${read.text(key)} ${forUpdate(executor.dialect)}`,
    read.parameters,
  );
  const [row] = rowsOf(rows);
  const before = groupOf(textOf(row, 'body'));
  const state = { ...before, ...(typeof changes === 'function' ? changes(before) : changes) };
  const kept: KeptGroup = { ...state, of: [scope.marketplace, scope.group] };
  const set = new Statement(executor.dialect);
  await executor.execute(
    `update ${table} set body = ${set.text(JSON.stringify(kept))} where scope_key = ${set.text(key)}`,
    set.parameters,
  );
  return state;
}

/** The groups of an application, in the order of their keys. */
export async function readGroups(
  executor: SqlExecutor,
  table: string,
  app: string,
  { after, limit }: { readonly after?: string; readonly limit: number },
): Promise<SyncGroupPage> {
  const begin = `${storeKey('sync', app)}:`;
  const statement = new Statement(executor.dialect);
  // A semicolon follows a colon: every key that begins so is below.
  const found = await executor.query(
    `select scope_key, body from ${table} where scope_key > ${statement.text(after ?? begin)}
      and scope_key < ${statement.text(`${begin.slice(0, -1)};`)}
      order by scope_key limit ${Math.max(0, Math.trunc(limit)) + 1}`,
    statement.parameters,
  );
  const rows = Array.from(rowsOf(found));
  const page = rows.slice(0, limit);
  const groups = page.flatMap((row) => {
    const body = textOf(row, 'body');
    const { of: names } = JSON.parse(body) as KeptGroup;
    return names ? [{ marketplace: names[0], groupUid: names[1], state: groupOf(body) }] : [];
  });
  return { groups, next: rows.length > limit ? textOf(page.at(-1), 'scope_key') : null };
}

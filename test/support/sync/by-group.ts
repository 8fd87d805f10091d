import type { SyncContext, SyncScope, SyncSource } from '../../../src/sync/index.js';
import type { MemorySource, Row } from './memory-source.js';

/** A source that has a table in memory for each company. */
export function byGroup<T extends object>(
  tableOf: (scope: SyncScope) => MemorySource<T>,
): SyncSource<T & Row> {
  const of = ({ scope }: SyncContext): MemorySource<T> => tableOf(scope);
  return {
    versions: 'table',
    changes: (query, context) => of(context).changes(query),
    get: (ids, context) => of(context).get(ids),
    create: (data, context) => of(context).create(data, context),
    find: (key, context) => of(context).find(key),
    update: (id, changes, context) => of(context).update(id, changes, context),
    identity: ({ id, rev, updatedAt, bornAt, key }) => ({ id, version: rev, updatedAt, bornAt, key }),
  };
}

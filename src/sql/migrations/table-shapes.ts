import type { SqlDialect } from '../sql-executor.js';

/** What kind of values a column holds; databases have several names for each. */
export type ColumnKind = 'key' | 'text' | 'time' | 'mark';

/** The columns of a table, and its indexes beside the primary key. */
export interface TableShape {
  readonly columns: Readonly<Record<string, ColumnKind>>;
  /** Names without the prefix. */
  readonly indexes: readonly string[];
  /** Columns that only one kind of database has. */
  readonly only?: Readonly<Record<string, SqlDialect>>;
}

/** The tables as they are after the last migration, by their names without the prefix. */
export const TABLE_SHAPES: Readonly<Record<string, TableShape>> = {
  entry: {
    columns: {
      entry_key: 'key',
      entry_value: 'text',
      expires_at: 'time',
      index_name: 'key',
      index_at: 'time',
      writer: 'mark',
    },
    indexes: ['entry_expires', 'entry_index'],
    only: { writer: 'mysql' },
  },
  schema: { columns: { version: 'time', applied_at: 'time' }, indexes: [] },
  usage_series: {
    columns: {
      id: 'time',
      marketplace: 'key',
      group_uid: 'key',
      meter: 'key',
      version: 'time',
      state: 'text',
      left_at: 'time',
      next_due: 'time',
    },
    indexes: ['usage_series_subject', 'usage_series_due'],
  },
  usage_period: {
    columns: {
      series: 'time',
      n: 'time',
      starts: 'time',
      ends: 'time',
      zone: 'key',
      chain: 'key',
      grace: 'time',
      sealed_by: 'time',
      stated: 'key',
      terms: 'text',
    },
    indexes: [],
  },
  usage_fact: {
    columns: {
      series: 'time',
      fact_id: 'key',
      at_ms: 'time',
      quantity: 'time',
      counted: 'time',
      fact_key: 'key',
      corrects: 'key',
      corrected: 'time',
      turn: 'time',
      received_at: 'time',
      statement: 'time',
      receipt: 'time',
      lane_a: 'time',
      lane_b: 'time',
    },
    indexes: [],
  },
  usage_statement: {
    columns: {
      series: 'time',
      chain: 'key',
      seq: 'time',
      status: 'key',
      progress: 'text',
      body: 'text',
      sealed_at: 'time',
    },
    indexes: ['usage_statement_status'],
  },
  sync_lease: { columns: { scope_key: 'key', token: 'time', held_until: 'time' }, indexes: [] },
  sync_group: { columns: { scope_key: 'key', body: 'text' }, indexes: [] },
  sync_stream: { columns: { scope_key: 'key', entity: 'key', body: 'text' }, indexes: [] },
  sync_link: {
    columns: {
      scope_key: 'key',
      entity: 'key',
      link_key: 'key',
      app_id: 'key',
      connec_id: 'key',
      external_id: 'key',
      due_at: 'time',
      hold_kind: 'key',
      waits_for: 'key',
      gone: 'time',
      body: 'text',
    },
    indexes: ['sync_link_app', 'sync_link_connec', 'sync_link_external', 'sync_link_due', 'sync_link_waits'],
  },
  sync_match: {
    columns: { scope_key: 'key', entity: 'key', match_key: 'key', link_key: 'key' },
    indexes: ['sync_match_link'],
  },
  sync_history: {
    columns: { scope_key: 'key', entity: 'key', link_key: 'key', body: 'text' },
    indexes: [],
  },
  sync_hint: {
    columns: { scope_key: 'key', entity: 'key', record_key: 'key', hint_id: 'key', body: 'text' },
    indexes: ['sync_hint_order'],
  },
};

/** How the databases name the kinds; with the collation that texts need, as they otherwise compare wrongly. */
export const COLUMN_TYPES: Readonly<Record<SqlDialect, Readonly<Record<ColumnKind, RegExp>>>> = {
  postgres: { key: /^text C$/, text: /^text C$/, time: /^(bigint|integer)$/, mark: /^text/ },
  mysql: {
    key: /^varbinary$/,
    text: /^longtext utf8mb4_bin$/,
    time: /^(bigint|int)$/,
    mark: /^char ascii_bin$/,
  },
  sqlite: { key: /^text$/, text: /^text$/, time: /^integer$/, mark: /^text$/ },
};

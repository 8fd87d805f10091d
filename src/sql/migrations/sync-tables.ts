import type { SqlMigration } from './sql-migration.js';

/**
 * Tables of `SqlSyncStore`. `scope_key` names application, marketplace and group; what cannot be looked for is one JSON
 * text. All rows of a scope are written under the lock of its row in `sync_lease`, except hints and the group's own row.
 */
export const SYNC_TABLES: SqlMigration['statements'] = {
  postgres: [
    `create table if not exists {sync_lease} (
  scope_key text collate "C" primary key,
  token bigint not null,
  held_until bigint not null
)`,
    `create table if not exists {sync_group} (
  scope_key text collate "C" primary key,
  body text collate "C" not null
)`,
    `create table if not exists {sync_stream} (
  scope_key text collate "C" not null,
  entity text collate "C" not null,
  body text collate "C" not null,
  primary key (scope_key, entity)
)`,
    `create table if not exists {sync_link} (
  scope_key text collate "C" not null,
  entity text collate "C" not null,
  link_key text collate "C" not null,
  app_id text collate "C",
  connec_id text collate "C",
  external_id text collate "C",
  due_at bigint,
  hold_kind text collate "C",
  waits_for text collate "C",
  gone bigint not null,
  body text collate "C" not null,
  primary key (scope_key, entity, link_key)
)`,
    `create unique index if not exists "{prefix}sync_link_app" on {sync_link} (scope_key, entity, app_id)`,
    `create unique index if not exists "{prefix}sync_link_connec" on {sync_link} (scope_key, entity, connec_id)`,
    `create unique index if not exists "{prefix}sync_link_external" on {sync_link} (scope_key, entity, external_id)`,
    `create index if not exists "{prefix}sync_link_due" on {sync_link} (scope_key, entity, due_at)
  where due_at is not null`,
    `create index if not exists "{prefix}sync_link_waits" on {sync_link} (scope_key, waits_for)
  where waits_for is not null`,
    `create table if not exists {sync_match} (
  scope_key text collate "C" not null,
  entity text collate "C" not null,
  match_key text collate "C" not null,
  link_key text collate "C" not null,
  primary key (scope_key, entity, match_key, link_key)
)`,
    `create index if not exists "{prefix}sync_match_link" on {sync_match} (scope_key, entity, link_key)`,
    `create table if not exists {sync_history} (
  scope_key text collate "C" not null,
  entity text collate "C" not null,
  link_key text collate "C" not null,
  body text collate "C" not null,
  primary key (scope_key, entity, link_key)
)`,
    `create table if not exists {sync_hint} (
  scope_key text collate "C" not null,
  entity text collate "C" not null,
  record_key text collate "C" not null,
  hint_id text collate "C" not null,
  body text collate "C" not null,
  primary key (scope_key, entity, record_key)
)`,
    `create index if not exists "{prefix}sync_hint_order" on {sync_hint} (scope_key, entity, hint_id)`,
  ],
  mysql: [
    `create table if not exists {sync_lease} (
  scope_key varbinary(512) not null primary key,
  token bigint not null,
  held_until bigint not null
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
    `create table if not exists {sync_group} (
  scope_key varbinary(512) not null primary key,
  body longtext character set utf8mb4 collate utf8mb4_bin not null
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
    `create table if not exists {sync_stream} (
  scope_key varbinary(512) not null,
  entity varbinary(512) not null,
  body longtext character set utf8mb4 collate utf8mb4_bin not null,
  primary key (scope_key, entity)
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
    `create table if not exists {sync_link} (
  scope_key varbinary(512) not null,
  entity varbinary(512) not null,
  link_key varbinary(512) not null,
  app_id varbinary(512),
  connec_id varbinary(512),
  external_id varbinary(512),
  due_at bigint,
  hold_kind varbinary(64),
  waits_for varbinary(512),
  gone bigint not null,
  body longtext character set utf8mb4 collate utf8mb4_bin not null,
  primary key (scope_key, entity, link_key),
  unique index {prefix}sync_link_app (scope_key, entity, app_id),
  unique index {prefix}sync_link_connec (scope_key, entity, connec_id),
  unique index {prefix}sync_link_external (scope_key, entity, external_id),
  index {prefix}sync_link_due (scope_key, entity, due_at),
  index {prefix}sync_link_waits (scope_key, waits_for)
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
    `create table if not exists {sync_match} (
  scope_key varbinary(512) not null,
  entity varbinary(512) not null,
  match_key varbinary(512) not null,
  link_key varbinary(512) not null,
  primary key (scope_key, entity, match_key, link_key),
  index {prefix}sync_match_link (scope_key, entity, link_key)
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
    `create table if not exists {sync_history} (
  scope_key varbinary(512) not null,
  entity varbinary(512) not null,
  link_key varbinary(512) not null,
  body longtext character set utf8mb4 collate utf8mb4_bin not null,
  primary key (scope_key, entity, link_key)
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
    `create table if not exists {sync_hint} (
  scope_key varbinary(512) not null,
  entity varbinary(512) not null,
  record_key varbinary(512) not null,
  hint_id varbinary(512) not null,
  body longtext character set utf8mb4 collate utf8mb4_bin not null,
  primary key (scope_key, entity, record_key),
  index {prefix}sync_hint_order (scope_key, entity, hint_id)
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
  ],
  sqlite: [
    `create table if not exists {sync_lease} (
  scope_key text not null primary key,
  token integer not null,
  held_until integer not null
) without rowid`,
    `create table if not exists {sync_group} (
  scope_key text not null primary key,
  body text not null
) without rowid`,
    `create table if not exists {sync_stream} (
  scope_key text not null,
  entity text not null,
  body text not null,
  primary key (scope_key, entity)
) without rowid`,
    `create table if not exists {sync_link} (
  scope_key text not null,
  entity text not null,
  link_key text not null,
  app_id text,
  connec_id text,
  external_id text,
  due_at integer,
  hold_kind text,
  waits_for text,
  gone integer not null,
  body text not null,
  primary key (scope_key, entity, link_key)
) without rowid`,
    `create unique index if not exists {in}"{prefix}sync_link_app" on "{prefix}sync_link" (scope_key, entity, app_id)`,
    `create unique index if not exists {in}"{prefix}sync_link_connec" on "{prefix}sync_link" (scope_key, entity, connec_id)`,
    `create unique index if not exists {in}"{prefix}sync_link_external" on "{prefix}sync_link" (scope_key, entity, external_id)`,
    `create index if not exists {in}"{prefix}sync_link_due" on "{prefix}sync_link" (scope_key, entity, due_at)
  where due_at is not null`,
    `create index if not exists {in}"{prefix}sync_link_waits" on "{prefix}sync_link" (scope_key, waits_for)
  where waits_for is not null`,
    `create table if not exists {sync_match} (
  scope_key text not null,
  entity text not null,
  match_key text not null,
  link_key text not null,
  primary key (scope_key, entity, match_key, link_key)
) without rowid`,
    `create index if not exists {in}"{prefix}sync_match_link" on "{prefix}sync_match" (scope_key, entity, link_key)`,
    `create table if not exists {sync_history} (
  scope_key text not null,
  entity text not null,
  link_key text not null,
  body text not null,
  primary key (scope_key, entity, link_key)
) without rowid`,
    `create table if not exists {sync_hint} (
  scope_key text not null,
  entity text not null,
  record_key text not null,
  hint_id text not null,
  body text not null,
  primary key (scope_key, entity, record_key)
) without rowid`,
    `create index if not exists {in}"{prefix}sync_hint_order" on "{prefix}sync_hint" (scope_key, entity, hint_id)`,
  ],
};

import type { SqlMigration } from './sql-migration.js';
import { SYNC_TABLES } from './sync-tables.js';

/** All that there are, in order. */
export const MIGRATIONS: readonly SqlMigration[] = [
  {
    version: 1,
    title: 'entries of the store, and the version of the tables',
    statements: {
      postgres: [
        `create table if not exists {entry} (
  entry_key text collate "C" primary key,
  entry_value text collate "C" not null,
  expires_at bigint not null,
  index_name text collate "C",
  index_at bigint
)`,
        `create index if not exists "{prefix}entry_expires" on {entry} (expires_at)`,
        `create index if not exists "{prefix}entry_index" on {entry} (index_name, index_at, entry_key)
  where index_name is not null`,
        `create table if not exists {schema} (
  version integer primary key,
  applied_at bigint not null
)`,
      ],
      mysql: [
        `create table if not exists {entry} (
  entry_key varbinary(512) not null primary key,
  entry_value longtext character set utf8mb4 collate utf8mb4_bin not null,
  expires_at bigint not null,
  index_name varbinary(512),
  index_at bigint,
  writer char(36) character set ascii collate ascii_bin not null,
  index {prefix}entry_expires (expires_at),
  index {prefix}entry_index (index_name, index_at, entry_key)
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
        `create table if not exists {schema} (
  version integer not null primary key,
  applied_at bigint not null
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
      ],
      sqlite: [
        `create table if not exists {entry} (
  entry_key text not null primary key,
  entry_value text not null,
  expires_at integer not null,
  index_name text,
  index_at integer
) without rowid`,
        `create index if not exists {in}"{prefix}entry_expires" on "{prefix}entry" (expires_at)`,
        `create index if not exists {in}"{prefix}entry_index" on "{prefix}entry" (index_name, index_at, entry_key)
  where index_name is not null`,
        `create table if not exists {schema} (
  version integer not null primary key,
  applied_at integer not null
) without rowid`,
      ],
    },
  },
  {
    version: 2,
    title: 'usage: what is metered of whom, periods, facts and statements',
    statements: {
      postgres: [
        `create table if not exists {usage_series} (
  id bigint generated always as identity primary key,
  marketplace text collate "C" not null,
  group_uid text collate "C" not null,
  meter text collate "C" not null,
  version bigint not null,
  state text collate "C" not null,
  left_at bigint,
  next_due bigint not null
)`,
        `create unique index if not exists "{prefix}usage_series_subject" on {usage_series} (marketplace, group_uid, meter)`,
        `create index if not exists "{prefix}usage_series_due" on {usage_series} (next_due, id)`,
        `create table if not exists {usage_period} (
  series bigint not null,
  n bigint not null,
  starts bigint not null,
  ends bigint not null,
  zone text collate "C" not null,
  chain text collate "C" not null,
  grace bigint not null,
  sealed_by bigint,
  stated text collate "C" not null,
  terms text collate "C",
  primary key (series, n)
)`,
        `create table if not exists {usage_fact} (
  series bigint not null,
  fact_id text collate "C" not null,
  at_ms bigint not null,
  quantity bigint not null,
  counted bigint not null,
  fact_key text collate "C" not null,
  corrects text collate "C",
  corrected bigint,
  turn bigint not null,
  received_at bigint not null,
  statement bigint,
  receipt bigint not null,
  lane_a bigint not null,
  lane_b bigint not null,
  primary key (series, fact_id)
) with (fillfactor = 50)`,
        `create table if not exists {usage_statement} (
  series bigint not null,
  chain text collate "C" not null,
  seq bigint not null,
  status text collate "C" not null,
  progress text collate "C" not null,
  body text collate "C" not null,
  sealed_at bigint not null,
  primary key (series, chain, seq)
)`,
        `create index if not exists "{prefix}usage_statement_status" on {usage_statement} (status, series)`,
      ],
      mysql: [
        `create table if not exists {usage_series} (
  id bigint not null auto_increment primary key,
  marketplace varbinary(255) not null,
  group_uid varbinary(255) not null,
  meter varbinary(200) not null,
  version bigint not null,
  state longtext character set utf8mb4 collate utf8mb4_bin not null,
  left_at bigint,
  next_due bigint not null,
  unique index {prefix}usage_series_subject (marketplace, group_uid, meter),
  index {prefix}usage_series_due (next_due, id)
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
        `create table if not exists {usage_period} (
  series bigint not null,
  n bigint not null,
  starts bigint not null,
  ends bigint not null,
  zone varbinary(64) not null,
  chain varbinary(32) not null,
  grace bigint not null,
  sealed_by bigint,
  stated varbinary(64) not null,
  terms longtext character set utf8mb4 collate utf8mb4_bin,
  primary key (series, n)
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
        `create table if not exists {usage_fact} (
  series bigint not null,
  fact_id varbinary(800) not null,
  at_ms bigint not null,
  quantity bigint not null,
  counted bigint not null,
  fact_key varbinary(800) not null,
  corrects varbinary(800),
  corrected bigint,
  turn bigint not null,
  received_at bigint not null,
  statement bigint,
  receipt bigint not null,
  lane_a bigint not null,
  lane_b bigint not null,
  primary key (series, fact_id)
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
        `create table if not exists {usage_statement} (
  series bigint not null,
  chain varbinary(32) not null,
  seq bigint not null,
  status varbinary(16) not null,
  progress longtext character set utf8mb4 collate utf8mb4_bin not null,
  body longtext character set utf8mb4 collate utf8mb4_bin not null,
  sealed_at bigint not null,
  primary key (series, chain, seq),
  index {prefix}usage_statement_status (status, series)
) engine=InnoDB row_format=dynamic default charset=utf8mb4`,
      ],
      sqlite: [
        `create table if not exists {usage_series} (
  id integer primary key autoincrement,
  marketplace text not null,
  group_uid text not null,
  meter text not null,
  version integer not null,
  state text not null,
  left_at integer,
  next_due integer not null
)`,
        `create unique index if not exists {in}"{prefix}usage_series_subject" on "{prefix}usage_series" (marketplace, group_uid, meter)`,
        `create index if not exists {in}"{prefix}usage_series_due" on "{prefix}usage_series" (next_due, id)`,
        `create table if not exists {usage_period} (
  series integer not null,
  n integer not null,
  starts integer not null,
  ends integer not null,
  zone text not null,
  chain text not null,
  grace integer not null,
  sealed_by integer,
  stated text not null,
  terms text,
  primary key (series, n)
) without rowid`,
        `create table if not exists {usage_fact} (
  series integer not null,
  fact_id text not null,
  at_ms integer not null,
  quantity integer not null,
  counted integer not null,
  fact_key text not null,
  corrects text,
  corrected integer,
  turn integer not null,
  received_at integer not null,
  statement integer,
  receipt integer not null,
  lane_a integer not null,
  lane_b integer not null,
  primary key (series, fact_id)
) without rowid`,
        `create table if not exists {usage_statement} (
  series integer not null,
  chain text not null,
  seq integer not null,
  status text not null,
  progress text not null,
  body text not null,
  sealed_at integer not null,
  primary key (series, chain, seq)
) without rowid`,
        `create index if not exists {in}"{prefix}usage_statement_status" on "{prefix}usage_statement" (status, series)`,
      ],
    },
  },
  { version: 3, title: 'links, positions and hints of the synchronization', statements: SYNC_TABLES },
];

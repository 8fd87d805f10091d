import type { SqlDialect } from '../sql-executor.js';

/** A step of the tables; in its texts `{entry}` and the like stand for names of tables, `{prefix}` for what begins them. */
export interface SqlMigration {
  /** 1, 2, 3, … without a gap. A published one never changes. */
  readonly version: number;
  readonly title: string;
  /** One statement each: MySQL takes no more at once. All of them may be carried out again. */
  readonly statements: Readonly<Record<SqlDialect, readonly string[]>>;
}

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
];

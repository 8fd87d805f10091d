import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import inject from 'light-my-request';

import {
  MaestranoGroupAdapter,
  MaestranoModule,
  type MarketplacesInput,
  MaestranoUserAdapter,
} from '../src/index.js';
import { type Mysql2Pool, mysql2Executor } from '../src/sql/executors/mysql2-executor.js';
import { pgExecutor, type PgPool } from '../src/sql/executors/pg-executor.js';
import { migrateSql } from '../src/sql/migrations/sql-schema.js';
import { SQL_NOW } from '../src/sql/sql-dialect.js';
import type { SqlExecutor } from '../src/sql/sql-executor.js';
import { SqlStore } from '../src/sql/sql-store.js';
import { type Bench, defineBench } from './harness.js';

/** Entries in one batch, as a notification of that many records has them. */
const BATCH = 200;
const HOUR = 3_600_000;
const LOGINS = 2_000;

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}
interface Opened {
  readonly executor: SqlExecutor;
  close(): Promise<void>;
}
interface Database {
  readonly name: string;
  start(servers: Servers): Promise<Server>;
  open(url: string, load: NodeJS.Require): Opened;
}
/** Those of the tests, which start them in temporary folders; here what they acknowledge is on the disk, as in production. */
interface Servers {
  readonly sqlTestsInstalled: boolean;
  sqlServers(): Readonly<Record<'postgres' | 'mariadb', string | null>>;
  startPostgres(options: { readonly durable: true }): Promise<Server>;
  startMariadb(options: { readonly durable: true }): Promise<Server>;
}

const POSTGRES: Database = {
  name: 'PostgreSQL',
  start: (servers) => servers.startPostgres({ durable: true }),
  open: (connectionString, load) => {
    const { Pool } = load('pg') as {
      Pool: new (
        options: object,
      ) => PgPool & { end(): Promise<void>; on(event: 'error', listener: () => void): void };
    };
    const pool = new Pool({ connectionString, max: 10, connectionTimeoutMillis: 10_000 });
    pool.on('error', () => undefined);
    return { executor: pgExecutor(pool), close: () => pool.end() };
  },
};
const MARIADB: Database = {
  name: 'MariaDB',
  start: (servers) => servers.startMariadb({ durable: true }),
  open: (uri, load) => {
    const { createPool } = load('mysql2/promise') as {
      createPool(options: object): Mysql2Pool & { end(): Promise<void> };
    };
    const pool = createPool({ uri, connectionLimit: 10 });
    return { executor: mysql2Executor(pool), close: () => pool.end() };
  },
};

const root = process.cwd();
const load = createRequire(join(root, 'test/sql/package.json'));
const servers = (await import(pathToFileURL(join(root, 'test/support/sql-servers.mjs')).href)) as Servers;

async function opened(database: Database): Promise<Opened & { readonly store: SqlStore }> {
  const server = await database.start(servers);
  const { executor, close } = database.open(server.url, load);
  await migrateSql(executor);
  return {
    executor,
    store: new SqlStore(executor, { sweepEveryMs: 0 }),
    close: async () => {
      await close();
      await server.stop();
    },
  };
}

/** The statement that somebody would write by hand for one entry. */
function bareStatements({ executor }: Opened): { readonly read: string; readonly insert: string } {
  const [one, two] = executor.dialect === 'postgres' ? ['$1', '$2'] : ['?', '?'];
  const now = SQL_NOW[executor.dialect];
  const writer = executor.dialect === 'mysql' ? [', writer', ", ''"] : ['', ''];
  return {
    read: `select entry_value from maestrano_entry where entry_key = ${one} and expires_at > ${now}`,
    insert: `insert into maestrano_entry (entry_key, entry_value, expires_at${writer[0]})
      values (${one}, ${two}, ${now} + ${HOUR}${writer[1]})`,
  };
}

const VALUE = JSON.stringify({ state: 'open', text: 'x'.repeat(200) });
let next = 0;
const freshKey = (): string => `bench:${(next += 1)}`;

/** The wall's clock, because the database's work is another process'. */
function comparisons(database: Database): readonly Bench[] {
  return [
    {
      name: `SQL store on ${database.name}: reading an entry, against the bare statement`,
      setup: async () => {
        const at = await opened(database);
        const { read } = bareStatements(at);
        await at.store.set('bench', VALUE, HOUR);
        return {
          clock: 'wall',
          baseline: () => at.executor.query(read, ['bench']),
          candidates: { get: { run: () => at.store.get('bench'), goal: { atMost: 1.1 } } },
          close: at.close,
        };
      },
    },
    {
      name: `SQL store on ${database.name}: claiming an entry, against the bare insert`,
      setup: async () => {
        const at = await opened(database);
        const { insert } = bareStatements(at);
        return {
          clock: 'wall',
          baseline: () => at.executor.execute(insert, [freshKey(), VALUE]),
          candidates: {
            setIfAbsent: { run: () => at.store.setIfAbsent(freshKey(), VALUE, HOUR), goal: { atMost: 2 } },
          },
          close: at.close,
        };
      },
    },
    {
      name: `SQL store on ${database.name}: ${BATCH} claims in one call, against ${BATCH} calls`,
      setup: async () => {
        const at = await opened(database);
        return {
          clock: 'wall',
          cycles: 8,
          baseline: async () => {
            for (let n = 0; n < BATCH; n += 1) await at.store.setIfAbsent(freshKey(), VALUE, HOUR);
          },
          candidates: {
            writeMany: {
              run: () =>
                at.store.writeMany(
                  Array.from({ length: BATCH }, () => ({
                    key: freshKey(),
                    expected: null,
                    value: VALUE,
                    ttlMs: HOUR,
                  })),
                ),
              goal: { atLeast: 10 },
            },
          },
          close: at.close,
        };
      },
    },
  ];
}

const MARKETPLACES = [
  {
    marketplace: 'uat',
    app: { host: 'https://app.example.com' },
    api: { id: 'app-1', key: 'k'.repeat(64), host: 'https://hub.example.com' },
    sso: { x509_fingerprint: 'ab'.repeat(20) },
  },
] as unknown as MarketplacesInput;

class Users extends MaestranoUserAdapter {
  override findOrCreateUser(): object {
    return {};
  }
}
class Groups extends MaestranoGroupAdapter {
  override findOrCreateGroup(): object {
    return {};
  }
  override hasMember(): boolean {
    return true;
  }
  override addMember(): void {}
  override removeMember(): void {}
  override deleteGroup(): void {}
}

/** Notes how long the longest call of the store took, in milliseconds. */
class TimedStore extends SqlStore {
  longest = 0;

  override async writeMany(...call: Parameters<SqlStore['writeMany']>): Promise<boolean[]> {
    const begun = performance.now();
    try {
      return await super.writeMany(...call);
    } finally {
      this.longest = Math.max(this.longest, performance.now() - begun);
    }
  }
}

/** As many people as come when a campaign begins. */
function crowd(database: Database): Bench {
  return {
    name: `${LOGINS} logins begun at once on ${database.name}, through one pool of 10 connections`,
    probe: async ({ short }) => {
      const at = await opened(database);
      const store = new TimedStore(at.executor, { sweepEveryMs: 0 });
      @Module({
        imports: [
          MaestranoModule.forRoot({
            marketplaces: MARKETPLACES,
            store,
            session: { secret: 's'.repeat(32) },
            userAdapter: Users,
            groupAdapter: Groups,
          }),
        ],
      })
      class BenchModule {}
      const app = await NestFactory.create<NestFastifyApplication>(BenchModule, new FastifyAdapter(), {
        logger: false,
      });
      await app.init();
      const instance = app.getHttpAdapter().getInstance();
      await instance.ready();
      const dispatch: inject.DispatchFunc = (request, response) => instance.routing(request, response);
      const begin = async (): Promise<{ readonly failed: number; readonly ms: number }> => {
        const begun = performance.now();
        const { statusCode } = await inject(dispatch, '/maestrano/auth/saml/init/uat');
        return { failed: statusCode === 302 || statusCode === 303 ? 0 : 1, ms: performance.now() - begun };
      };
      await begin();
      const count = short ? 20 : LOGINS;
      const outcomes = await Promise.all(Array.from({ length: count }, begin));
      await app.close();
      await at.close();
      const failed = outcomes.reduce((sum, one) => sum + one.failed, 0);
      const longest = Math.max(...outcomes.map(({ ms }) => ms));
      return {
        failed: { value: failed, unit: 'logins', goal: { atMost: 0 } },
        // storeTimeoutMs: the deadline of every call of the store.
        'longest call of the store': {
          value: Math.round(store.longest),
          unit: 'ms',
          goal: { atMost: 3_000 },
        },
        longest: { value: Math.round(longest), unit: 'ms' },
      };
    },
  };
}

const missing = servers.sqlServers();
const present = [...(missing.postgres ? [] : [POSTGRES]), ...(missing.mariadb ? [] : [MARIADB])];
if (!servers.sqlTestsInstalled)
  console.warn('Not measured: stores, for which npm ci --prefix test/sql is needed.');
for (const reason of [missing.postgres, missing.mariadb])
  if (reason) console.warn(`Not measured: ${reason}.`);

export default defineBench(
  ...(servers.sqlTestsInstalled
    ? present.flatMap((database) => [...comparisons(database), crowd(database)])
    : []),
);

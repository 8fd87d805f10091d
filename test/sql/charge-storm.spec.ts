import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { stormSize } from '../support/sizes.js';
import { type CrashableSqlServer, startPostgres } from '../support/sql-servers.mjs';
import { isThere } from './support/databases.js';

const KEYS = stormSize(40, 2_000);
/** Kills of an instance; the database crashes as often. */
const FAULTS = stormSize(2, 20);
/** Keys that are worked on at the same time. */
const AT_ONCE = 8;
const INSTANCE = 'test/sql/support/charge-instance.ts';

/** What an instance says of a key. */
interface Said {
  readonly key: string;
  readonly id?: string;
  readonly code?: string;
}

const onPostgres = isThere('postgres') ? describe : describe.skip;

onPostgres(`${KEYS} charges by two instances that are killed, on a PostgreSQL that crashes`, () => {
  const children: (ChildProcess | null)[] = [null, null];
  let server: CrashableSqlServer;
  let pool: pg.Pool;
  let sandbox: Sandbox;
  let compiled: CompiledSources;
  let group: string;
  let marketplace: string;

  async function boot(instance: number): Promise<void> {
    const env = {
      ...process.env,
      DATABASE_URL: server.url,
      MARKETPLACES: JSON.stringify(sandbox.options.marketplaces),
      SQL_PACKAGES: join(import.meta.dirname, 'package.json'),
      GROUP: group,
    };
    const child = fork(compiled.path(INSTANCE), { env, execArgv: [], stdio: 'inherit' });
    child.setMaxListeners(0);
    await once(child, 'message');
    children[instance] = child;
  }

  async function kill(instance: number): Promise<void> {
    const child = children[instance]!;
    children[instance] = null;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await boot(instance);
  }

  /** Those of dead processes, and those that could not be removed, end by themselves; a test does not wait for it. */
  async function forgetLocks(): Promise<void> {
    await pool
      .query("delete from maestrano_entry where entry_key like 'ledger-lock%'")
      .catch(() => undefined);
  }

  /** What an instance says of the key; null when it is killed meanwhile. */
  function tell(child: ChildProcess, key: string): Promise<Said | null> {
    return new Promise((resolve) => {
      const end = (said: Said | null): void => {
        child.off('message', onMessage);
        child.off('exit', onExit);
        resolve(said);
      };
      const onMessage = (said: Said): void => {
        if (said.key === key) end(said);
      };
      const onExit = (): void => end(null);
      child.on('message', onMessage);
      child.on('exit', onExit);
      child.send(key, (error) => error && end(null));
    });
  }

  beforeAll(async () => {
    compiled = compileSources(
      'charge-storm',
      INSTANCE,
      'test/support/account/account-clients.ts',
      'test/support/settings.ts',
    );
    sandbox = await startSandbox({ scenario: 'demo', seed: 7 });
    marketplace = sandbox.marketplaces.list()[0]!.name;
    group = sandbox.build.group(marketplace, { uid: 'cld-storm', name: 'Storm' }).uid;
    server = await startPostgres({ durable: true });
    pool = new pg.Pool({ connectionString: server.url, max: 2, connectionTimeoutMillis: 3_000 });
    pool.on('error', () => undefined);
    await migrateSql(pgExecutor(pool));
    await Promise.all([boot(0), boot(1)]);
  }, 60_000);

  afterAll(async () => {
    for (const child of children) child?.kill('SIGKILL');
    await pool.end();
    await server.stop();
    await sandbox.close();
    compiled.remove();
  });

  it(
    'have one bill each, and every key says which',
    async () => {
      const bills = new Map<string, Set<string>>();
      const codes = new Set<string>();
      const insist = async (key: string): Promise<void> => {
        const ids = new Set<string>();
        bills.set(key, ids);
        for (let turn = Math.round(Math.random()); ; turn = 1 - turn) {
          const child = children[turn];
          const said = child ? await tell(child, key) : null;
          if (said?.id) {
            ids.add(said.id);
            return;
          }
          if (said?.code) codes.add(said.code);
          if (said?.code === 'account.inProgress') await forgetLocks();
          await pause(50);
        }
      };
      const pending = Array.from({ length: KEYS }, (_, n) => `key-${n}`).values();
      let made = 0;
      const charging = Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (const key of pending) {
            await insist(key);
            made += 1;
          }
        }),
      );
      // Faults fall among the charges, however fast the machine is.
      for (let fault = 1; fault <= FAULTS; fault += 1) {
        const isTime = (): boolean => made >= (KEYS * fault) / (FAULTS + 1);
        while (!isTime()) await pause(5);
        await kill(fault % 2);
        await server.crash();
        await forgetLocks();
      }
      await charging;
      // Asked once more, on both instances: the same bill, and no other one.
      for (const [n, [key, ids]] of [...bills].slice(0, 40).entries()) {
        const said = await tell(children[n % 2]!, key);
        ids.add(said!.id!);
      }
      const kept = sandbox.state.bills.list().filter(({ groupId }) => groupId === group);
      const known = [...bills.values()].map((ids) => [...ids]);
      expect(known.filter((ids) => ids.length !== 1)).toEqual([]);
      expect(kept.map(({ id }) => id).sort()).toEqual(known.flat().sort());
      expect(new Set(kept.map(({ description }) => description)).size).toBe(KEYS);
      const expected = /^(account\.(undecided|store|inProgress)|store\.unavailable|sql\.(failed|timeout))$/;
      expect([...codes].filter((code) => !expected.test(code))).toEqual([]);
    },
    stormSize(120_000, 1_800_000),
  );
});

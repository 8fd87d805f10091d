import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';

import { sqliteExecutor } from '../../src/sql/executors/sqlite-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import type { SyncLease } from '../../src/sync/store/sync-store.js';
import { SqlSyncStore } from '../../src/sync/sql/sql-sync-store.js';
import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { stormSize } from '../support/sizes.js';
import { makeDatabase, type TestDatabase } from './support/databases.js';
import { SyncProcesses } from './support/sync-processes.js';

/** Twice the lease of test/sql/support/sync-instance.ts, and a deadline more; milliseconds. */
const STOPPED_MS = 1_300;
const STOPS = stormSize(4, 100);
const EDITS = 4;
/** At which requests it is stopped: under `npm run storm` at each kind. */
const STOPPED_AT = ['write', 'get', 'changes', 'create'].slice(0, stormSize(1, 4));

const WRITES = new Set(['create', 'update', 'write']);

const SCOPE = { app: 'app', marketplace: 'acme', group: 'cld-1' };

/** Everything that the store keeps. */
function contentOf(file: Database.Database): unknown {
  const tables = file
    .prepare(
      "select name from sqlite_master where type = 'table' and name like 'maestrano_sync%' order by name",
    )
    .pluck()
    .all() as string[];
  return tables.map((name) => [name, file.prepare(`select * from ${name}`).all()]);
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error('It did not come to it.');
    await pause(20);
  }
}

describe('a process of the synchronization that stands still (SIGSTOP)', () => {
  let sources: CompiledSources;
  let database: TestDatabase;
  let count = 0;

  beforeAll(async () => {
    database = await makeDatabase('sqlite');
    sources = compileSources('sync-stopped', 'test/sql/support/sync-instance.ts');
  });
  afterAll(async () => {
    sources.remove();
    await database.drop();
  });

  const started = async (workers: number): Promise<SyncProcesses> => {
    const path = `${database.url}-${(count += 1)}`;
    const opened = new Database(path);
    await migrateSql(sqliteExecutor(opened));
    opened.close();
    return new SyncProcesses(sources.path('test/sql/support/sync-instance.ts'), path, workers);
  };

  it.each([1, 2])(
    'check 38: one of %d for twice the lease, between reading and writing, sends nothing that it had decided',
    async (workers) => {
      const run = await started(workers);
      const sent: string[] = [];
      let stopped: ChildProcess | null = null;
      const its = { stands: false, ended: false };
      run.asked = async (child, { method }) => {
        if (child === stopped) {
          if (method === 'ran') its.ended = true;
          else if (!its.ended) sent.push(method);
        } else if (stopped === null && method === 'get') {
          // It has the lease, and reads what it is about to write.
          stopped = child;
          its.stands = true;
          await run.stop(child, STOPPED_MS);
          its.stands = false;
        }
      };
      try {
        for (let edit = 0; edit < 10; edit += 1) run.edit();
        for (let look = 0; look < 1_000 && !its.ended; look += 1) {
          if (its.stands && look % 20 === 0) run.edit();
          await pause(20);
        }
        expect({ ended: its.ended, sent: sent.filter((method) => WRITES.has(method)) }).toEqual({
          ended: true,
          sent: [],
        });
        await run.quiet();
        expect(run.wrong()).toEqual({ doubled: [], missing: [], lost: [] });
      } finally {
        await run.close();
      }
    },
    120_000,
  );

  it.each(STOPPED_AT)(
    'one whose lease was taken while it stood still at "%s" has no write of any kind land afterwards',
    async (where) => {
      const run = await started(1);
      const file = new Database(`${database.url}-${count}`);
      const store = new SqlSyncStore(sqliteExecutor(file));
      const its = { stands: false, goesOn: false, ended: false };
      const sent: string[] = [];
      let lease: SyncLease | null = null;
      let goesOn = (): void => undefined;
      const taken = new Promise<void>((resolve) => (goesOn = resolve));
      const held = new Promise<void>(() => undefined);
      run.asked = async (child, { method }) => {
        if (its.goesOn) sent.push(method);
        if (its.stands && method === 'ran') {
          its.ended = true;
          // It begins nothing else.
          await held;
        } else if (!its.stands && method === where) {
          child.kill('SIGSTOP');
          its.stands = true;
          await taken;
          its.goesOn = true;
          child.kill('SIGCONT');
        }
      };
      try {
        for (let edit = 0; edit < 20; edit += 1) run.edit();
        await until(() => its.stands);
        await until(async () => (lease ??= await store.acquire(SCOPE, 60_000)) !== null);
        const note = { id: 'newer', status: 'RUNNING', message: '', startedAt: 1, endedAt: null } as const;
        await store.setGroup(SCOPE, { run: note, taken: null }, lease!);
        const before = contentOf(file);
        goesOn();
        await until(() => its.ended);
        expect(sent.filter((method) => WRITES.has(method))).toEqual([]);
        expect(contentOf(file)).toEqual(before);
      } finally {
        await run.close();
        file.close();
      }
    },
    60_000,
  );

  it(
    'check 3: two at random, while the other goes on and people edit both sides, lose and double nothing',
    async () => {
      const run = await started(2);
      try {
        for (let stop = 0; stop < STOPS; stop += 1) {
          const standing = run.stop(run.someone, STOPPED_MS);
          for (let edit = 0; edit < EDITS; edit += 1) {
            run.edit();
            await pause(Math.random() * 300);
          }
          await standing;
        }
        await run.quiet();
        expect(run.wrong()).toEqual({ doubled: [], missing: [], lost: [] });
      } finally {
        await run.close();
      }
    },
    stormSize(120_000, 1_800_000),
  );
});

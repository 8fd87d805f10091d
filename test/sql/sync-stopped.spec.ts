import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';

import { sqliteExecutor } from '../../src/sql/executors/sqlite-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { stormSize } from '../support/sizes.js';
import { makeDatabase, type TestDatabase } from './support/databases.js';
import { SyncProcesses } from './support/sync-processes.js';

/** Twice the lease of test/sql/support/sync-instance.ts, and a deadline more; milliseconds. */
const STOPPED_MS = 1_300;
const STOPS = stormSize(4, 100);
const EDITS = 4;

const WRITES = new Set(['create', 'update', 'write']);

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

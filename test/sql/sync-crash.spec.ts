import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';

import { sqliteExecutor } from '../../src/sql/executors/sqlite-executor.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { SqlSyncStore } from '../../src/sync/sql/sql-sync-store.js';
import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { stormSize } from '../support/sizes.js';
import { EngineBench } from '../support/sync/engine-bench.js';
import { makeDatabase, type TestDatabase } from './support/databases.js';
import { SyncProcesses } from './support/sync-processes.js';

/** Steps between two at which the process dies: all of them under `npm run storm`. */
const STRIDE = stormSize(4, 1);
const KILLS = stormSize(3, 200);
const EDITS = 3;

class Died extends Error {}

/** Dies at one call, before or behind its effect; nothing that it still does arrives. */
class Death {
  calls = 0;
  dead = false;

  constructor(
    private readonly at: number,
    private readonly when: 'before' | 'behind',
  ) {}

  wrapped<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || name === 'identity') return value;
        return async (...args: unknown[]) => {
          this.calls += 1;
          if (this.dead) throw new Died();
          this.dead = this.calls === this.at;
          if (this.dead && this.when === 'before') throw new Died();
          const result: unknown = await Reflect.apply(value, target, args);
          if (this.dead) throw new Died();
          return result;
        };
      },
    });
  }
}

describe('a process of the synchronization that dies, with its links in SQL', () => {
  let sources: CompiledSources;
  let database: TestDatabase;

  beforeAll(async () => {
    database = await makeDatabase('sqlite');
    sources = compileSources('sync-crash', 'test/sql/support/sync-instance.ts');
  });
  afterAll(async () => {
    sources.remove();
    await database.drop();
  });

  it.each(['before', 'behind'] as const)(
    'check 3: at every step, %s its effect, loses and doubles nothing',
    async (when) => {
      const file = new Database(':memory:');
      const executor = sqliteExecutor(file);
      await migrateSql(executor);
      for (let at = 1; ; at += STRIDE) {
        const scope = { app: 'app', marketplace: 'acme', group: `cld-${at}` };
        const bench = new EngineBench({ store: new SqlSyncStore(executor), scope });
        try {
          const died = await lived(bench, new Death(at, when), () =>
            file.exec('update maestrano_sync_lease set held_until = 0'),
          );
          expect({ at, ...shown(bench) }).toEqual({ at, app: WANTED, connec: WANTED });
          if (!died) break;
        } finally {
          bench.close();
        }
      }
      file.close();
    },
    stormSize(120_000, 900_000),
  );

  it.each([1, 2])(
    'check 3: %d processes that are killed at random during edits on both sides lose and double nothing',
    async (workers) => {
      const path = `${database.url}-${workers}`;
      const opened = new Database(path);
      await migrateSql(sqliteExecutor(opened));
      opened.close();
      const run = new SyncProcesses(sources.path('test/sql/support/sync-instance.ts'), path, workers);
      try {
        for (let kill = 0; kill < KILLS; kill += 1) {
          for (let edit = 0; edit < EDITS; edit += 1) {
            run.edit();
            await pause(Math.random() * 60);
          }
          await run.kill();
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

const WANTED = [
  'Ann Edited there ACTIVE',
  'Bob  ARCHIVED',
  'Cyd Edited  ACTIVE',
  'Dan  ACTIVE',
  'Eve  ACTIVE',
  'Fay  ACTIVE',
];

/** Two sides in agreement, edits on both, and a run that dies at a step; then the next process. */
async function lived(bench: EngineBench, death: Death, leaseEnds: () => void): Promise<boolean> {
  const { source, connec, store, entities } = bench;
  const [ann, bob] = ['Ann', 'Bob'].map((firstName) => source.add({ firstName }));
  for (const first_name of ['Cyd', 'Dan']) connec.add({ first_name, last_name: '', status: 'ACTIVE' });
  await bench.runs(2);
  bench.now += 120_000;
  source.edit(bob!.id, { state: 'ARCHIVED' });
  source.edit(ann!.id, { email: 'ann@x.test' });
  connec.edit(connec.by('first_name', 'Ann')!.id, { last_name: 'Edited there' });
  connec.edit(connec.by('first_name', 'Cyd')!.id, { first_name: 'Cyd Edited' });
  source.add({ firstName: 'Eve' });
  connec.add({ first_name: 'Fay', last_name: '', status: 'ACTIVE' });
  bench.store = death.wrapped(store);
  bench.entities = entities.map((entity) => ({ ...entity, source: death.wrapped(entity.source) }));
  bench.died = death.wrapped(connec);
  await bench.run().catch((error: unknown) => {
    if (!(error instanceof Died)) throw error;
  });
  Object.assign(bench, { store, entities, died: null });
  leaseEnds();
  for (let count = 0; count < 4; count += 1) await bench.run({}, 600);
  return death.dead;
}

function shown(bench: EngineBench): { readonly app: readonly string[]; readonly connec: readonly string[] } {
  const text = (...parts: readonly unknown[]): string => parts.map(String).join(' ');
  return {
    app: bench.source.list.map((one) => text(one.firstName, one.lastName, one.state)).toSorted(),
    connec: [...bench.connec.records.values()]
      .map(({ record }) => text(record.first_name, record.last_name, record.status))
      .toSorted(),
  };
}

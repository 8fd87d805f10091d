import { afterEach, beforeEach, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { MaestranoSyncError } from '../../src/errors/sync.error.js';
import { FULL_RUN, SyncEngine } from '../../src/sync/engine/sync-engine.js';
import { SYNC_DEFAULTS } from '../../src/sync/engine/sync-settings.js';
import { syncEntity } from '../../src/sync/fields/sync-entity.js';
import { MemorySyncStore } from '../../src/sync/store/memory-sync-store.js';
import type { SyncScope } from '../../src/sync/store/sync-store.js';
import { SyncOperations } from '../../src/sync/sync-operations.js';
import { proveSize } from '../support/sizes.js';
import { byGroup } from '../support/sync/by-group.js';
import { MemoryConnec, OWNER } from '../support/sync/memory-connec.js';
import { MemorySource, type Row } from '../support/sync/memory-source.js';

const RUNS = proveSize(60, 3_000);
const MARKETPLACES = ['m-one', 'm-two'] as const;
const GROUPS = ['cld-1', 'cld-2'] as const;
const EMPTY = { firstName: '', lastName: '', email: null as string | null };

const realNow = Date.now;
let now = 0;
beforeEach(() => {
  now = 1_700_000_000_000;
  Date.now = () => now;
});
afterEach(() => {
  Date.now = realNow;
});

interface Person {
  readonly first_name?: string | null;
  readonly last_name?: string | null;
  readonly email?: string | null;
}

/** A company at a marketplace. The same ids exist at the other one, and every value says whose it is. */
interface Company {
  readonly scope: SyncScope;
  readonly mark: string;
  readonly rows: MemorySource<typeof EMPTY>;
  readonly connec: MemoryConnec;
}

const STEPS = [
  'addHere',
  'addThere',
  'editHere',
  'editThere',
  'archiveThere',
  'deleteHere',
  'hint',
  'away',
  'lost',
  'run',
  'full',
  'erase',
  'adopt',
  'forget',
] as const;

const stepArbitrary = fc.record({
  what: fc.constantFrom(...STEPS, 'run' as const, 'run' as const),
  company: fc.nat(MARKETPLACES.length * GROUPS.length - 1),
  record: fc.nat(5),
});

/** Both marketplaces on one engine and one store, as a process has them. */
class World {
  readonly store = new MemorySyncStore();
  readonly companies: readonly Company[];
  readonly engine: SyncEngine;
  #values = 0;
  /** What the next request for Connec! comes to. */
  #fault: 'away' | 'lost' | null = null;

  constructor() {
    this.companies = MARKETPLACES.flatMap((marketplace) =>
      GROUPS.map((group) => this.#company({ app: 'app', marketplace, group })),
    );
    const people = syncEntity<typeof EMPTY & Row, 'people', Person>(
      'people',
      byGroup((scope) => this.companies.find((one) => same(one.scope, scope))!.rows),
      {
        fields: { first_name: 'firstName', last_name: 'lastName', email: 'email' },
        // The same addresses are everywhere: a match across companies would be found.
        match: ['email'],
      },
    );
    const settings = { ...SYNC_DEFAULTS, firstRun: 'apply', concurrency: 1, restMs: 1_000 } as const;
    this.engine = new SyncEngine(this.store, [people], settings);
  }

  #company(scope: SyncScope): Company {
    const connec = new MemoryConnec();
    connec.beforeRead = () => {
      if (this.#take('away')) throw new MaestranoSyncError('sync.sideAway');
    };
    connec.fault = () => (this.#take('lost') ? 'applied, and nobody knows' : null);
    return { scope, mark: `${scope.marketplace}/${scope.group}`, rows: new MemorySource(EMPTY), connec };
  }

  #take(fault: 'away' | 'lost'): boolean {
    if (this.#fault !== fault) return false;
    this.#fault = null;
    return true;
  }

  async do({ what, company, record }: { what: (typeof STEPS)[number]; company: number; record: number }) {
    const one = this.companies[company]!;
    const { scope, mark, rows, connec } = one;
    now += 5_000;
    const value = `${mark} ${(this.#values += 1)}`;
    const row = rows.list[record];
    const there = [...connec.records.values()][record];
    const sides = { scope, connec, owner: OWNER, tenant: null, executor: null };
    const operations = new SyncOperations(this.store, this.engine, sides);
    switch (what) {
      case 'addHere':
        rows.add({ firstName: value, lastName: mark, email: `${record}@x.test` });
        break;
      case 'addThere':
        connec.add({ first_name: value, last_name: mark, email: `${record}@x.test`, status: 'ACTIVE' });
        break;
      case 'editHere':
        if (row) rows.edit(row.id, { firstName: value });
        break;
      case 'editThere':
        if (there) connec.edit(there.id, { first_name: value });
        break;
      case 'archiveThere':
        if (there) connec.edit(there.id, { status: 'ARCHIVED' });
        break;
      case 'deleteHere':
        if (row) rows.rows.delete(row.id);
        break;
      case 'hint': {
        const side = record % 2 ? 'app' : 'connec';
        const recordId = side === 'app' ? String(record + 1) : `c${record + 1}`;
        await this.store.hint(scope, [{ entity: 'people', side, recordId, cause: 'notification' }]);
        break;
      }
      case 'away':
      case 'lost':
        this.#fault = what;
        break;
      case 'run':
      case 'full':
        await this.engine.run(sides, { ...FULL_RUN, full: what === 'full' });
        break;
      case 'erase':
        await operations
          .erase({ entity: 'people', app: String(record + 1) }, { connec: 'unlink' })
          .catch(known);
        break;
      case 'adopt':
        await operations.adopt('people', String(record + 1), `c${record + 1}`).catch(known);
        break;
      case 'forget':
        await this.store.forget(scope);
        break;
    }
  }

  /** Whatever of one company is in the traffic, the rows or the links of another. */
  async crossed(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { scope, mark, rows, connec } of this.companies) {
      const { links } = await this.store.page(scope, 'people', { limit: 1_000 });
      const everything = JSON.stringify([
        rows.list,
        rows.writes,
        [...connec.records.values()],
        connec.writes,
        links,
      ]);
      const others = this.companies.filter((one) => one.mark !== mark);
      found.push(
        ...others.filter((one) => everything.includes(one.mark)).map((one) => `${one.mark} in ${mark}`),
      );
    }
    return found;
  }
}

/** What an operator is told of a record that is not there, or not fit for it. */
function known(error: unknown): void {
  if (!(error instanceof MaestranoSyncError)) throw error;
}

function same(one: SyncScope, other: SyncScope): boolean {
  return one.marketplace === other.marketplace && one.group === other.group;
}

it(
  `check 18, P10: no record of a marketplace is in the traffic of another, in ${RUNS} histories`,
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { minLength: 20, maxLength: 60 }), async (steps) => {
        now = 1_700_000_000_000;
        const world = new World();
        for (const step of steps) await world.do(step);
        // What is left is done.
        for (let company = 0; company < world.companies.length; company += 1) {
          for (let count = 0; count < 3; count += 1) await world.do({ what: 'run', company, record: 0 });
        }
        expect(await world.crossed()).toEqual([]);
      }),
      { numRuns: RUNS, seed: proveSize(20, Date.now()) },
    );
  },
  proveSize(60_000, 1_800_000),
);

import { MaestranoSyncError } from '../../../src/errors/sync.error.js';
import type { GroupReference } from '../../../src/adapters/maestrano-group.adapter.js';
import type { Pace } from '../../../src/sync/engine/pace.js';
import { SyncEngine } from '../../../src/sync/engine/sync-engine.js';
import { SYNC_DEFAULTS } from '../../../src/sync/engine/sync-settings.js';
import type { SyncEntity } from '../../../src/sync/fields/entity-definition.js';
import { syncEntity } from '../../../src/sync/fields/sync-entity.js';
import { GroupRuns } from '../../../src/sync/group-runs.js';
import { runOptionsOf } from '../../../src/sync/run-options.js';
import { MemorySyncScheduler } from '../../../src/sync/schedule/memory-sync-scheduler.js';
import { SyncSchedule } from '../../../src/sync/schedule/sync-schedule.service.js';
import { sliceRequest, Slices, type SlicesFacts } from '../../../src/sync/slices.js';
import { MemorySyncStore } from '../../../src/sync/store/memory-sync-store.js';
import type { SyncScope } from '../../../src/sync/store/sync-store.js';
import type { MaestranoSync } from '../../../src/sync/sync.service.js';
import { byGroup } from './by-group.js';
import { MemoryConnec, OWNER } from './memory-connec.js';
import { MemorySource } from './memory-source.js';

interface Contact {
  readonly firstName: string;
  readonly lastName: string;
}

/** A company: its rows in the vendor's tables, and its data at Connec!. Both carry the company's name. */
export interface Company {
  readonly group: GroupReference;
  readonly mark: string;
  readonly rows: MemorySource<Contact>;
  readonly connec: MemoryConnec;
}

/** Many companies on some marketplaces, and workers that share nothing but a store. */
export class Companies {
  readonly store = new MemorySyncStore();
  readonly all: readonly Company[];
  readonly #byName: ReadonlyMap<string, Company>;
  readonly #entity: SyncEntity;
  /** Marketplaces that answer nothing at present. */
  readonly away = new Set<string>();
  /** Probability that a request to Connec! fails, or that the answer to a write gets lost. */
  trouble = 0;
  /** Runs that were begun of each marketplace. */
  readonly begun = new Map<string, number>();
  /** When requests were sent to Connec!, in milliseconds of the epoch. */
  readonly requests: number[] = [];

  constructor(
    count: number,
    marketplaces: readonly string[],
    private readonly random: () => number,
  ) {
    // The same ids everywhere: what tells companies apart is the marketplace alone.
    this.all = Array.from({ length: count }, (_one, n): Company => {
      const marketplace = marketplaces[n % marketplaces.length]!;
      const group = { marketplace, groupUid: `cld-${Math.floor(n / marketplaces.length)}` };
      const connec = new MemoryConnec();
      connec.beforeRead = () => {
        this.requests.push(Date.now());
        this.#answer(marketplace);
      };
      connec.fault = () => {
        this.#answer(marketplace);
        return this.random() < this.trouble ? 'applied, and nobody knows' : null;
      };
      const write = connec.write.bind(connec);
      connec.write = (...writes) => {
        this.requests.push(Date.now());
        return write(...writes);
      };
      const rows = new MemorySource<Contact>({ firstName: '', lastName: '' });
      return { group, mark: nameOf(group), rows, connec };
    });
    this.#byName = new Map(this.all.map((one) => [one.mark, one]));
    const tableOf = ({ marketplace, group }: SyncScope): MemorySource<Contact> =>
      this.#byName.get(nameOf({ marketplace, groupUid: group }))!.rows;
    this.#entity = syncEntity('people', byGroup(tableOf), {
      fields: { first_name: 'firstName', last_name: 'lastName' },
    });
  }

  scopeOf({ marketplace, groupUid }: GroupReference): SyncScope {
    return { app: 'default', marketplace, group: groupUid };
  }

  /** A side of a company, for workers that are processes of their own. */
  side({ marketplace, group }: SyncScope, side: 'app' | 'connec'): object {
    const { rows, connec } = this.#byName.get(nameOf({ marketplace, groupUid: group }))!;
    return side === 'app' ? rows : connec;
  }

  /**
   * A process with a memory of its own.
   *
   * @param pace what its runs wait for before they call a side
   */
  worker(pace?: Pace): {
    readonly slices: Slices;
    readonly schedule: SyncSchedule;
    readonly scheduler: MemorySyncScheduler;
  } {
    const engine = new SyncEngine(this.store, [this.#entity], { ...SYNC_DEFAULTS, firstRun: 'apply' });
    const runs = new GroupRuns(this.store, engine);
    const scheduler = new MemorySyncScheduler();
    const run: SlicesFacts['run'] = (group, until, signal) => {
      const scope = this.scopeOf(group);
      const { connec } = this.#byName.get(nameOf(group))!;
      const sides = { scope, connec, owner: OWNER, tenant: null, executor: null, ...(pace && { pace }) };
      return runs.run(
        scope,
        {
          request: sliceRequest,
          run: async (lease, { paused }, taken) => {
            const how = { ...runOptionsOf(['people'], paused, taken?.options ?? {}), until };
            const result = await engine.run(sides, how, signal, lease);
            this.begun.set(group.marketplace, (this.begun.get(group.marketplace) ?? 0) + 1);
            const code = result.errors[0]?.code ?? null;
            const status = code === null ? 'SUCCESS' : 'ERROR';
            return { result, ending: { status, message: '', code }, pausedUntil: null };
          },
          failed: () => ({ status: 'ERROR', message: '', code: 'unknown' }),
        },
        signal,
      );
    };
    const slices = new Slices({
      store: this.store,
      scheduler,
      sliceMs: 30_000,
      scopeOf: (group) => this.scopeOf(group),
      run,
    });
    slices.work(8);
    const due = (group: GroupReference): Promise<void> => slices.enqueue(group);
    const options = { store: this.store, entities: [], owner: OWNER };
    return { slices, scheduler, schedule: new SyncSchedule(options, { due } as unknown as MaestranoSync) };
  }

  /** What is not the same on both sides, and what is of another company. */
  get wrong(): { readonly different: readonly string[]; readonly crossed: readonly string[] } {
    const different: string[] = [];
    const crossed: string[] = [];
    for (const { mark, rows, connec } of this.all) {
      const app = rows.list.map(({ firstName, lastName }) => `${firstName} of ${lastName}`);
      const there = [...connec.records.values()].map(
        ({ record }) => `${String(record.first_name)} of ${String(record.last_name)}`,
      );
      if (JSON.stringify(app.toSorted()) !== JSON.stringify(there.toSorted())) different.push(mark);
      if ([...app, ...there].some((one) => !one.endsWith(` of ${mark}`))) crossed.push(mark);
      const sent = connec.writes.filter(({ changes }) => !mine(changes['last_name'], mark));
      if (sent.length > 0) crossed.push(mark);
    }
    return { different, crossed };
  }

  /** @throws MaestranoSyncError `sync.sideAway` */
  #answer(marketplace: string): void {
    if (this.away.has(marketplace) || this.random() < this.trouble)
      throw new MaestranoSyncError('sync.sideAway');
  }
}

function mine(lastName: unknown, mark: string): boolean {
  return lastName === undefined || lastName === mark;
}

function nameOf({ marketplace, groupUid }: GroupReference): string {
  return `${marketplace}/${groupUid}`;
}

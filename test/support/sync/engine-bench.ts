import {
  FULL_RUN,
  type GroupSides,
  SyncEngine,
  type SyncRunResult,
} from '../../../src/sync/engine/sync-engine.js';
import { SYNC_DEFAULTS, type SyncSettings } from '../../../src/sync/engine/sync-settings.js';
import type { RunOptions } from '../../../src/sync/engine/run-context.js';
import type { SyncPlan } from '../../../src/sync/engine/plan.js';
import type { ConnecRecords } from '../../../src/sync/connec/connec-records.js';
import type { SyncEntity } from '../../../src/sync/fields/entity-definition.js';
import { syncEntity, type SyncEntitySpec } from '../../../src/sync/fields/sync-entity.js';
import { MemorySyncStore } from '../../../src/sync/store/memory-sync-store.js';
import type { SyncLink } from '../../../src/sync/store/sync-link.js';
import type { SyncScope, SyncStore, SyncStream } from '../../../src/sync/store/sync-store.js';
import { ordered } from '../../../src/sync/sync-entities.js';
import { SyncOperations } from '../../../src/sync/sync-operations.js';
import { MemoryConnec, OWNER } from './memory-connec.js';
import { MemorySource } from './memory-source.js';

export interface Person {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string | null;
  readonly score: number | null;
  readonly state: string;
}

/** The record of Connec! that belongs to {@link Person}; flat, so that expectations are short. */
export interface ConnecPerson {
  readonly first_name?: string | null;
  readonly last_name?: string | null;
  readonly email?: string | null;
  readonly score?: number | null;
  readonly status?: string | null;
}

export const SCOPE: SyncScope = { app: 'app', marketplace: 'acme', group: 'cld-1' };

/** The entity of people, with what a test wants otherwise. */
export function people(
  source: MemorySource<Person>,
  spec: Partial<SyncEntitySpec<Person, ConnecPerson>> = {},
): SyncEntity {
  return syncEntity<Person, 'people', ConnecPerson>('people', source, {
    fields: {
      first_name: 'firstName',
      last_name: 'lastName',
      email: 'email',
      score: 'score',
      status: 'state',
    },
    ...spec,
  });
}

/** The engine between a table and a Connec! in memory, with a clock that the test moves. */
export class EngineBench {
  readonly source = new MemorySource<Person>({
    firstName: '',
    lastName: '',
    email: null,
    score: null,
    state: 'ACTIVE',
  });
  readonly connec = new MemoryConnec();
  store: SyncStore;
  readonly scope: SyncScope;
  /** Connec! as a process sees it that dies; the other one by default. */
  died: MemoryConnec | null = null;
  /** Another platform in its place. */
  platform: ConnecRecords | null = null;
  now = 1_700_000_000_000;
  /** How far the clock of the process that runs is off; that of the store is right. */
  skew = 0;
  entities: readonly SyncEntity[];
  settings: SyncSettings;
  readonly #realNow = Date.now;

  constructor({
    spec = {},
    settings = {},
    store = new MemorySyncStore(),
    scope = SCOPE,
  }: {
    readonly spec?: Partial<SyncEntitySpec<Person, ConnecPerson>>;
    readonly settings?: Partial<SyncSettings>;
    readonly store?: SyncStore;
    readonly scope?: SyncScope;
  } = {}) {
    this.store = store;
    this.scope = scope;
    Date.now = () => this.now + this.skew;
    this.store.now = async () => this.now;
    this.entities = [people(this.source, spec)];
    this.settings = { ...SYNC_DEFAULTS, firstRun: 'apply', concurrency: 1, ...settings };
  }

  close(): void {
    Date.now = this.#realNow;
  }

  get sides(): GroupSides {
    return {
      scope: this.scope,
      connec: this.platform ?? this.died ?? this.connec,
      owner: OWNER,
      tenant: 'cld-1',
      executor: null,
    };
  }

  get engine(): SyncEngine {
    return new SyncEngine(this.store, ordered(this.entities), this.settings);
  }

  get operations(): SyncOperations {
    return new SyncOperations(this.store, this.engine, this.sides);
  }

  /** Some seconds pass, then there is a run. */
  async run(options: Partial<RunOptions> = {}, seconds = 5): Promise<SyncRunResult> {
    this.now += seconds * 1_000;
    return this.engine.run(this.sides, { ...FULL_RUN, ...options });
  }

  async runs(count: number): Promise<void> {
    for (let one = 0; one < count; one += 1) await this.run();
  }

  plan(): Promise<SyncPlan> {
    return this.engine.plan(this.sides, { limit: 1_000, values: true });
  }

  stream(entity = 'people'): Promise<SyncStream> {
    return this.store.stream(this.scope, entity);
  }

  async links(entity = 'people'): Promise<readonly SyncLink[]> {
    return (await this.store.page(this.scope, entity, { limit: 10_000 })).links;
  }

  async linkOf(ref: { readonly app: string } | { readonly connec: string }): Promise<SyncLink | null> {
    return (await this.store.links(this.scope, 'people', [ref]))[0] ?? null;
  }

  /** First names on both sides, sorted. */
  get names(): { readonly app: readonly string[]; readonly connec: readonly string[] } {
    return {
      app: this.source.list.map(({ firstName }) => firstName).toSorted(),
      connec: [...this.connec.records.values()].map(({ record }) => String(record.first_name)).toSorted(),
    };
  }

  /** How often the engine wrote to either side. */
  get writes(): number {
    return this.source.writes.length + this.connec.writes.length;
  }
}

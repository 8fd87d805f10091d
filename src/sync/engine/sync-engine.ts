import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { ExternalIdOwner } from '../../connec/client/external-ids.js';
import type { ConnecRecords } from '../connec/connec-records.js';
import type { SqlExecutor } from '../../sql/sql-executor.js';
import type { SyncEntity } from '../fields/entity-definition.js';
import type { SyncLease, SyncNotice, SyncScope, SyncStore, SyncStream } from '../store/sync-store.js';
import type { SyncCallFailure } from './call-failure.js';
import { breakCircles } from './cycles.js';
import { checkDeclaration, checkNotOlder } from './declaration.js';
import { discoverApp, discoverConnec, takeHints } from './discover.js';
import { HeldLease } from './held-lease.js';
import type { SyncBase, SyncLink, SyncSide } from '../store/sync-link.js';
import type { SideRecord } from '../merge/side-record.js';
import { readConnec } from './records.js';
import type { Look } from './decide.js';
import type { Pace } from './pace.js';
import { sharedClock } from './shared-clock.js';
import { fingerprintOf, planEntity, planOf, type SyncPlan, type SyncPlanEntry } from './plan.js';
import { processBatch, processDue } from './process.js';
import {
  isOver,
  newCounters,
  type RunContext,
  type RunCounters,
  type RunOptions,
  sumOf,
} from './run-context.js';
import { SourceCalls } from './source-calls.js';
import { planSweep, sweep } from './sweep.js';
import type { SyncSettings } from './sync-settings.js';

/** What a group's synchronization needs. */
export interface GroupSides {
  readonly scope: SyncScope;
  readonly connec: ConnecRecords;
  /** Whose external ids ours are at the platform (protocol §9.7). */
  readonly owner: ExternalIdOwner;
  /** The application's own name of the customer. */
  readonly tenant: unknown;
  /** The application's database, for sources that work on it. */
  readonly executor: SqlExecutor | null;
  /** How fast the sides may be called; as fast as they respond by default. */
  readonly pace?: Pace;
}

/** What a run did. */
export interface SyncRunResult {
  /** `busy`: somebody else is at it. */
  readonly status: 'done' | 'busy' | 'failed';
  readonly counters: RunCounters;
  /** The same for each entity, by name. */
  readonly entities: Readonly<Record<string, RunCounters>>;
  /** Whether the time was over before everything was done. */
  readonly more: boolean;
  /** What stopped single entities. */
  readonly errors: readonly MaestranoSyncError[];
  /** Until when a source asked not to be read, in milliseconds of the epoch; null where none did. */
  readonly pausedUntil: number | null;
  /** What was noticed about fields for the first time. */
  readonly notices: readonly (SyncNotice & { readonly entity: string })[];
  /** Calls of sources of which nobody knows whether they were carried out, by what they threw; 20 kinds at most of each entity. */
  readonly failures: readonly SyncCallFailure[];
}

/** What comes of a run while somebody else is at it. */
export const NOTHING_RUN: SyncRunResult = {
  status: 'busy',
  counters: newCounters(),
  entities: {},
  more: false,
  errors: [],
  pausedUntil: null,
  notices: [],
  failures: [],
};

/** Times the entities are gone through, so that records that wait for others are sent in the same run. */
const PASSES = 3;

/** A run that does everything. */
export const FULL_RUN: RunOptions = {
  writable: { app: true, connec: true },
  preemption: null,
  full: false,
  only: null,
  until: null,
};

/** Reads, decides and writes for one group at a time. Knows nothing of Nest. */
export class SyncEngine {
  constructor(
    private readonly store: SyncStore,
    /** In the order in which they refer to each other. */
    private readonly entities: readonly SyncEntity[],
    private readonly settings: SyncSettings,
  ) {}

  /**
   * One run for a group: everything that is due by then. What goes wrong with a record stays with the record.
   *
   * @param held the lease of the group where it is held already, which whoever acquired it releases; it is acquired by default
   * @throws MaestranoSyncError `sync.leaseLost`
   */
  async run(
    sides: GroupSides,
    options: RunOptions = FULL_RUN,
    signal?: AbortSignal,
    held?: SyncLease,
  ): Promise<SyncRunResult> {
    const work = (lease: SyncLease): Promise<SyncRunResult> =>
      this.#withLease(lease, sides, options, signal, (contexts) => this.#runAll(contexts));
    return held ? work(held) : ((await this.#released(sides, work)) ?? NOTHING_RUN);
  }

  /** The lease on a group, for as long as a run may go without renewing it; null while somebody else has it. */
  acquire(scope: SyncScope): Promise<SyncLease | null> {
    return this.store.acquire(scope, this.settings.leaseMs + this.settings.timeoutMs);
  }

  /**
   * What a run would do with what is due by now; both sides are read, and nothing is written.
   *
   * @throws MaestranoSyncError `sync.olderDeclaration`: a run of this process would do nothing
   */
  async plan(
    sides: GroupSides,
    {
      limit,
      values,
      only = null,
    }: { readonly limit: number; readonly values: boolean; readonly only?: readonly string[] | null },
  ): Promise<SyncPlan> {
    const entries: SyncPlanEntry[] = [];
    const guard = new HeldLease(
      this.store,
      { scope: sides.scope, token: 0, until: Number.MAX_SAFE_INTEGER },
      this.settings,
      undefined,
      sides.pace,
    );
    const now = await sharedClock(this.store);
    for (const entity of this.#chosen(only)) {
      const context = this.#context(sides, entity, guard, FULL_RUN, now);
      checkNotOlder(context, await this.store.stream(sides.scope, entity.name));
      entries.push(...(await planEntity(context, { limit: limit + 1 - entries.length, values })));
      if (entries.length > limit) break;
    }
    return planOf(entries.slice(0, limit), entries.length > limit);
  }

  /**
   * Does what a plan says, for the records that still look as they did, of entities that are listed wholly and not stopped. Resolves
   * with the keys of those left alone.
   */
  async apply(
    sides: GroupSides,
    plan: SyncPlan,
  ): Promise<SyncRunResult & { readonly skipped: readonly string[] }> {
    const skipped: string[] = [];
    const work = async (contexts: readonly RunContext[]): Promise<[]> => {
      for (const context of contexts) {
        const entries = plan.entries.filter(
          ({ entity, action }) => entity === context.entity.name && action !== 'hold',
        );
        const stream = await context.guard.stream(context.entity.name);
        checkNotOlder(context, stream);
        if (!isReady(stream)) {
          skipped.push(...entries.map(({ key }) => key));
          continue;
        }
        const { batchSize } = this.settings;
        for (let start = 0; start < entries.length; start += batchSize) {
          const some = entries.slice(start, start + batchSize);
          const refs = some.map(({ key }) => ({ key }));
          const links = await this.store.links(sides.scope, context.entity.name, refs);
          const prints = new Map(some.map(({ key, fingerprint }) => [key, fingerprint]));
          const there = links.filter((link) => link !== null && link.dueAt !== null) as SyncLink[];
          const allowed = (look: Look): boolean => prints.get(look.link.key) === fingerprintOf(look);
          const written = new Set<string>();
          await processBatch(context, there, (look) => {
            const same = allowed(look);
            if (same) written.add(look.link.key);
            return same;
          });
          skipped.push(...some.filter(({ key }) => !written.has(key)).map(({ key }) => key));
        }
      }
      return [];
    };
    const result = await this.#released(sides, (lease) =>
      this.#withLease(lease, sides, FULL_RUN, undefined, work),
    );
    return { ...(result ?? NOTHING_RUN), skipped };
  }

  /** Digests of one side of a record as it is now; none where it cannot be read. */
  async digestsOf(sides: GroupSides, name: string, link: SyncLink, side: SyncSide): Promise<SyncBase> {
    return (await this.sideOf(sides, name, link, side))?.digests ?? {};
  }

  /** One side of a record as it is now; null where it cannot be read. */
  async sideOf(sides: GroupSides, name: string, link: SyncLink, side: SyncSide): Promise<SideRecord | null> {
    const entity = this.entities.find((one) => one.name === name);
    const { id } = link[side];
    if (entity === undefined || id === null) return null;
    if (side === 'app') {
      const source = new SourceCalls(entity, sides.scope, sides, this.settings.timeoutMs);
      return (await source.get([id])).get(id) ?? null;
    }
    const [record] = await sides.connec.get(entity.resource, [id]);
    return record ? readConnec(entity, record) : null;
  }

  /** Names of the entities, in the order in which they are run. */
  get names(): readonly string[] {
    return this.entities.map(({ name }) => name);
  }

  /** The entity of the name. @throws MaestranoSyncError `sync.operation` */
  entity(name: string): SyncEntity {
    const entity = this.entities.find((one) => one.name === name);
    if (entity) return entity;
    throw new MaestranoSyncError('sync.operation', {
      message: `No entity is named "${name}".`,
      remedy: `Entities: ${this.names.join(', ')}.`,
      entity: name,
    });
  }

  /** Runs some work that needs the lease of a group; null while somebody else has it. */
  async exclusively<T>(sides: GroupSides, work: (guard: HeldLease) => Promise<T>): Promise<T | null> {
    return this.#released(sides, (lease) => work(new HeldLease(this.store, lease, this.settings)));
  }

  async #released<T>({ scope }: GroupSides, work: (lease: SyncLease) => Promise<T>): Promise<T | null> {
    const lease = await this.acquire(scope);
    if (lease === null) return null;
    try {
      return await work(lease);
    } finally {
      await this.store.release(lease);
    }
  }

  async #withLease(
    lease: SyncLease,
    sides: GroupSides,
    options: RunOptions,
    signal: AbortSignal | undefined,
    work: (contexts: readonly RunContext[]) => Promise<readonly MaestranoSyncError[]>,
  ): Promise<SyncRunResult> {
    const guard = new HeldLease(this.store, lease, this.settings, signal, sides.pace);
    const now = await sharedClock(this.store);
    const contexts = this.#chosen(options.only).map((entity) =>
      this.#context(sides, entity, guard, options, now),
    );
    const errors = await work(contexts);
    const notices = contexts.flatMap((context) =>
      context.notices.map((notice) => ({ ...notice, entity: context.entity.name })),
    );
    return {
      status: errors.length > 0 ? 'failed' : 'done',
      counters: sumOf(contexts.map(({ counters }) => counters)),
      entities: Object.fromEntries(contexts.map(({ entity, counters }) => [entity.name, counters])),
      more: await this.#isMore(contexts),
      errors,
      pausedUntil: latest(contexts.map(({ source }) => source.pausedUntil)),
      notices,
      failures: contexts.flatMap((context) => context.failures),
    };
  }

  /** Whether the time was over before everything was listed, and everything that is due was done. */
  async #isMore(contexts: readonly RunContext[]): Promise<boolean> {
    if (contexts.some(({ unfinished }) => unfinished)) return true;
    for (const { options, store, scope, entity, now, guard } of contexts) {
      if (!isOver(options.until)) continue;
      const { confirmed, stopped } = await guard.stream(entity.name);
      if ((!confirmed && this.settings.firstRun === 'plan') || stopped !== null) continue;
      if ((await store.due(scope, entity.name, now(), 1)).length > 0) return true;
    }
    return false;
  }

  #chosen(only: readonly string[] | null): readonly SyncEntity[] {
    return only === null ? this.entities : this.entities.filter(({ name }) => only.includes(name));
  }

  async #runAll(contexts: readonly RunContext[]): Promise<MaestranoSyncError[]> {
    const errors = new Map<RunContext, MaestranoSyncError>();
    const attempt = async (context: RunContext, work: () => Promise<void>): Promise<void> => {
      if (errors.has(context)) return;
      try {
        await work();
      } catch (error) {
        if (!(error instanceof MaestranoSyncError) || error.code === 'sync.leaseLost') throw error;
        errors.set(context, error);
      }
    };
    for (const context of contexts) await attempt(context, () => this.#discover(context));
    for (let pass = 0; pass < PASSES; pass += 1) {
      for (const context of contexts) await attempt(context, () => this.#process(context));
      if (contexts.length === 1) break;
    }
    let broken = false;
    for (const context of contexts) {
      await attempt(context, async () => {
        if ((await this.#mayProcess(context)) && (await breakCircles(context))) broken = true;
      });
    }
    if (broken) for (const context of contexts) await attempt(context, () => this.#process(context));
    return [...errors.values()];
  }

  async #discover(context: RunContext): Promise<void> {
    const { guard, entity, options } = context;
    const stream = await guard.stream(entity.name);
    context.hasErased = stream.erased > 0;
    await checkDeclaration(context);
    if (stream.stopped !== null) return;
    const wanted = stream.sweptAt !== null && options.full;
    try {
      await this.#list(context, stream, wanted);
    } catch (error) {
      // The next run knows by this that both sides are to be listed, whoever asks for it.
      if (wanted && error instanceof MaestranoSyncError && error.code === 'sync.sideAway')
        await planSweep(context);
      throw error;
    }
  }

  async #list(context: RunContext, stream: SyncStream, wanted: boolean): Promise<void> {
    const { guard, entity, settings } = context;
    await takeHints(context);
    await discoverApp(context);
    await discoverConnec(context);
    // Of a full run whose time is over, the next slice knows it in the same way.
    if (context.unfinished) return wanted ? await planSweep(context) : undefined;
    const due = stream.sweptAt === null || context.now() - stream.sweptAt >= settings.sweepEveryMs;
    if (stream.sweptAt === null) {
      const first = await guard.stream(entity.name);
      await context.guard.commit({ entity: entity.name, stream: { ...first, sweptAt: context.now() } });
    } else if (due || wanted || stream.sweep !== null) await sweep(context);
  }

  async #process(context: RunContext): Promise<void> {
    if (await this.#mayProcess(context)) await processDue(context);
  }

  async #mayProcess({ guard, entity, settings }: RunContext): Promise<boolean> {
    const stream = await guard.stream(entity.name);
    return isReady(stream) && (stream.confirmed || settings.firstRun !== 'plan');
  }

  #context(
    { scope, connec, owner, tenant, executor }: GroupSides,
    entity: SyncEntity,
    guard: HeldLease,
    options: RunOptions,
    now: () => number,
  ): RunContext {
    const { store, settings } = this;
    const source = new SourceCalls(entity, scope, { tenant, executor, now }, settings.timeoutMs);
    return {
      store,
      scope,
      entity,
      source,
      connec,
      guard,
      settings,
      owner,
      options,
      listUntil: options.until === null ? null : (Date.now() + options.until) / 2,
      counters: newCounters(),
      now,
      notices: [],
      failures: [],
    };
  }
}

/** Whether records may be written: before both sides are listed wholly, the same record of the other side may be unknown. */
function isReady({ stopped, appComplete, connecComplete }: SyncStream): boolean {
  return stopped === null && appComplete && connecComplete;
}

/** The latest of some moments; null where there is none. */
export function latest(moments: readonly (number | null)[]): number | null {
  return moments.reduce((last, one) => (last === null || (one !== null && one > last) ? one : last), null);
}

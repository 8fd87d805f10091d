import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
  Optional,
} from '@nestjs/common';

import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import { ConnecService } from '../connec/connec.service.js';
import { MaestranoError } from '../errors/maestrano.error.js';
import { MaestranoSyncError } from '../errors/sync.error.js';
import { SyncScheduler } from '../stores/sync-scheduler.js';
import { settledWithin } from '../utils/settled-within.js';
import type { SyncPlan } from './engine/plan.js';
import { latest, SyncEngine, type SyncRunResult } from './engine/sync-engine.js';
import { valuesFrom } from './engine/history.js';
import { Paces } from './engine/pace.js';
import type { SyncSettings } from './engine/sync-settings.js';
import { explainRecord, recordHistory } from './explain.js';
import type { SyncEntity } from './fields/entity-definition.js';
import { type EndedRun, GroupRuns, type GroupWork } from './group-runs.js';
import { appOf, executorOf, isCompany, scopeOf, sidesOf } from './group-sides.js';
import { checkKnownGroup, isKnownGroup } from './known-group.js';
import { GroupSwitches, SETTLE_MS } from './group-switches.js';
import { MemorySyncScheduler } from './schedule/memory-sync-scheduler.js';
import { withoutValues } from './store/history-values.js';
import { checkStore } from './store/store-check.js';
import type { SyncHoldKind, SyncSide } from './store/sync-link.js';
import type { SyncGroupPage, SyncHistoryEntry } from './store/sync-store.js';
import { follow } from './progress.js';
import { readStatus } from './read-status.js';
import { logRun } from './run-log.js';
import { dueSinceOf, needsOf, runMessage } from './run-message.js';
import { runOptionsOf } from './run-options.js';
import { Slices, sliceRequest } from './slices.js';
import type { SyncRunOptions } from './store/sync-request.js';
import { readRecord, type SyncKeyedRef, type SyncRecord } from './sync-record.js';
import { checkExecutor, ordered } from './sync-entities.js';
import { resolveSyncOptions } from './module-settings.js';
import type { SyncHeldRecord } from './held-record.js';
import type { SyncRecordRef } from './record-ref.js';
import { SyncOperations } from './sync-operations.js';
import type { MaestranoSyncOptions } from './sync-options.interface.js';
import type {
  SyncProgress,
  SyncStatus,
  SyncTouchOptions,
  SyncGroupsOptions,
} from './sync-status.interface.js';
import { SyncTelemetry } from './watch/sync-telemetry.service.js';
import { SyncWatch } from './watch/sync-watch.service.js';

/** Longest wait for runs when the application stops, in milliseconds: they end after what they are sending. */
const STOP_MS = 20_000;

/** Injection token of the options of `MaestranoSyncModule`. */
export const MAESTRANO_SYNC_OPTIONS = Symbol('MAESTRANO_SYNC_OPTIONS');

/** Most entries of a plan, and records of a list, unless asked for otherwise. */
const LIMIT = 1_000;

/**
 * Keeps the application's records and a customer's Connec! data the same (docs/synchronization.md).
 *
 * ```ts
 * await this.sync.run({ marketplace: 'acme', groupUid: 'cld-4' });
 * ```
 */
@Injectable()
export class MaestranoSync implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('MaestranoSync');
  readonly #settings: SyncSettings;
  readonly #entities: readonly SyncEntity[];
  readonly #engine: SyncEngine;
  readonly #scheduler: SyncScheduler;
  readonly #slices: Slices;
  readonly #runs: GroupRuns;
  readonly #switches: GroupSwitches;
  readonly #paces: Paces;
  readonly #maxRuns: number;
  private readonly options: MaestranoSyncOptions;

  /** @throws MaestranoSyncError `sync.declaration`; MaestranoConfigurationError `configuration.options` */
  constructor(
    @Inject(MAESTRANO_SYNC_OPTIONS) given: MaestranoSyncOptions,
    private readonly connec: ConnecService,
    private readonly watch: SyncWatch,
    private readonly telemetry: SyncTelemetry,
    @Optional() scheduler?: SyncScheduler,
  ) {
    const settings = resolveSyncOptions(given);
    // As they were understood: an environment's 'false' is a text, and would say yes.
    const { acceptDataLoss, timeoutMs } = settings;
    const options = { ...given, acceptDataLoss, timeoutMs };
    this.options = options;
    this.#settings = settings;
    this.#maxRuns = settings.maxRuns;
    this.#entities = ordered(options.entities);
    checkExecutor(this.#entities, executorOf(options));
    this.#engine = new SyncEngine(options.store, this.#entities, this.#settings);
    this.#runs = new GroupRuns(options.store, this.#engine);
    this.#switches = new GroupSwitches(options.store, this.#engine);
    this.#paces = new Paces(options.limits ?? {});
    this.#scheduler = scheduler ?? new MemorySyncScheduler();
    this.#slices = new Slices({
      store: options.store,
      scheduler: this.#scheduler,
      sliceMs: settings.sliceMs,
      scopeOf: (group) => scopeOf(options, group),
      run: (group, until, signal) => this.#run(group, { request: sliceRequest, until, signal }),
    });
  }

  /** @throws MaestranoSyncError `sync.store` for a store that may lose data, in production */
  async onModuleInit(): Promise<void> {
    const { store, acceptDataLoss = false } = this.options;
    await checkStore(store, acceptDataLoss, (sentence) => this.#logger.warn(sentence));
    this.watch.readFrom((group) => this.status(group));
  }

  /** @internal Nest's own hook: once every module is ready. */
  onApplicationBootstrap(): void {
    this.#slices.work(this.#maxRuns);
  }

  /** @internal Nest's own hook. */
  async onApplicationShutdown(): Promise<void> {
    await this.#scheduler.stop(STOP_MS);
    await this.options.store.close();
  }

  /** Names of the entities, in the order in which they are run. */
  get entities(): readonly string[] {
    return this.#entities.map(({ name }) => name);
  }

  /** Resources of Connec! that are synchronized. */
  get resources(): ReadonlySet<string> {
    return new Set(this.#entities.map(({ resource }) => resource));
  }

  /**
   * Does everything that is due for a group, and resolves when it is done. `busy` when somebody else is at it. What is
   * wrong with a record stays with the record; `errors` says which entities could not go on.
   *
   * @throws MaestranoSyncError `sync.operation` for an entity that is none, `sync.disabled`, `sync.leaseLost`
   */
  async run(group: GroupReference, options: SyncRunOptions = {}): Promise<SyncRunResult> {
    this.#declared(options.only);
    const { result, again } = await this.#run(group, { options });
    if (result.status !== 'busy' && again) await this.start(group);
    return result;
  }

  /**
   * Has a run follow in the background, in this process or in one that shares its queue. Asked for while one is under way, it
   * is one more afterwards. Once it resolves, that is kept in the store.
   *
   * @throws MaestranoSyncError `sync.operation` for an entity that is none
   */
  async start(group: GroupReference, options: SyncRunOptions = {}): Promise<void> {
    this.#declared(options.only);
    await this.#slices.ask(group, options);
  }

  /** @internal Has a slice follow of a group that is due by what is in the store. */
  async due(group: GroupReference): Promise<void> {
    await this.#slices.enqueue(group);
  }

  /** Resolves once no run of this process is under way or waits. */
  async idle(): Promise<void> {
    await this.#scheduler.idle();
  }

  /**
   * Says that a record of the application changed: the next run looks at it first. Not needed for correctness, since runs
   * find what changed by themselves. With a `transaction` of yours (a SqlSyncStore on the same database) it is said if and
   * only if that commits.
   *
   * @throws MaestranoSyncError `sync.operation` for an entity that is none: nobody would ever look at it
   */
  async touch(
    group: GroupReference,
    entity: string,
    id: string,
    { transaction }: SyncTouchOptions = {},
  ): Promise<void> {
    this.#declared([entity]);
    const { store } = this.options;
    const within = transaction === undefined ? store : store.within(transaction);
    await within.hint(scopeOf(this.options, group), [{ entity, side: 'app', recordId: id, cause: 'touch' }]);
  }

  /** Says which records to look at; how they look is never taken from a hint. @throws MaestranoSyncError `sync.operation` */
  async hint(
    group: GroupReference,
    hints: readonly {
      readonly entity: string;
      readonly side: SyncSide;
      readonly recordId: string;
      readonly cause: 'notification' | 'touch';
    }[],
  ): Promise<void> {
    this.#declared(hints.map(({ entity }) => entity));
    await this.options.store.hint(scopeOf(this.options, group), hints);
  }

  /** The resource of Connec! of an entity; the name itself where there is none of it. */
  resourceOf(name: string): string {
    return this.#entities.find((entity) => entity.name === name)?.resource ?? name;
  }

  /** Names of the entities of a resource. */
  entitiesOf(resource: string): readonly string[] {
    return this.#entities.filter((entity) => entity.resource === resource).map(({ name }) => name);
  }

  /** Whether anything is kept of a group: a run, or that one was asked for; a switch; links that were imported. */
  async isKnown(group: GroupReference): Promise<boolean> {
    return isKnownGroup(this.options.store, scopeOf(this.options, group), this.entities);
  }

  /**
   * What a run would do with what is known to be due. Reads both sides and writes nothing.
   *
   * @throws MaestranoSyncError `sync.unknownGroup`; `sync.operation` for an entity that is none; `sync.olderDeclaration`
   */
  async plan(
    group: GroupReference,
    options: { readonly only?: readonly string[]; readonly values?: boolean; readonly limit?: number } = {},
  ): Promise<SyncPlan> {
    const { only = null, values = false, limit = LIMIT } = options;
    this.#declared(only ?? []);
    await checkKnownGroup(this.options.store, scopeOf(this.options, group), this.entities);
    return this.#engine.plan(await this.#sides(group), { only, values, limit });
  }

  /**
   * Does what a plan says; records that look otherwise by now are left alone, and their keys are in `skipped`. So are all of an entity
   * that is stopped, or of which not all records of both sides were listed yet.
   */
  async apply(
    group: GroupReference,
    plan: SyncPlan,
  ): Promise<SyncRunResult & { readonly skipped: readonly string[] }> {
    return this.#engine.apply(await this.#sides(group), plan);
  }

  /** Allows the first synchronization of an entity, or goes on after a mass change; all entities by default. */
  async confirm(group: GroupReference, entity?: string): Promise<void> {
    const operations = await this.operations(group);
    for (const name of entity === undefined ? this.entities : [entity]) await operations.confirm(name);
  }

  /** What persons decide about single records: `retry`, `ignore`, `resolve`, `adopt`, `unlink` and others. */
  async operations(group: GroupReference): Promise<SyncOperations> {
    return new SyncOperations(this.options.store, this.#engine, await this.#sides(group));
  }

  /** Records that are held back, of one kind: `quarantined`, `conflict`, `ambiguous`, `merged`, … */
  async held(
    group: GroupReference,
    entity: string,
    kind: SyncHoldKind,
    limit = LIMIT,
  ): Promise<readonly SyncHeldRecord[]> {
    return (await this.operations(group)).held(entity, kind, limit);
  }

  /** How it stands with a record, in sentences without its values. @throws MaestranoSyncError `sync.operation` for one not known */
  async explain(group: GroupReference, ref: SyncRecordRef): Promise<readonly string[]> {
    this.#declared([ref.entity]);
    return explainRecord(this.options.store, scopeOf(this.options, group), ref);
  }

  /**
   * What was decided about the fields of a record, newest first; with their values where `history` is `values`.
   *
   * @throws MaestranoSyncError `sync.operation` for a record that is not known
   */
  async history(
    group: GroupReference,
    ref: SyncRecordRef,
    limit = LIMIT,
  ): Promise<readonly SyncHistoryEntry[]> {
    this.#declared([ref.entity]);
    const all = await recordHistory(this.options.store, scopeOf(this.options, group), ref, limit);
    return withoutValues(all, valuesFrom(this.#settings, Date.now()));
  }

  /** Groups of which anything is known, with their last run; 1,000 at a time at most. */
  async groups({ after = null, limit = LIMIT }: SyncGroupsOptions = {}): Promise<SyncGroupPage> {
    const query = { limit: Math.max(1, Math.min(LIMIT, limit)), ...(after === null ? {} : { after }) };
    const page = await this.options.store.groups(appOf(this.options), query);
    return { ...page, groups: page.groups.filter(isCompany) };
  }

  /** A record with the values of both sides, read now; null where it is not known. */
  async record(group: GroupReference, ref: SyncKeyedRef): Promise<SyncRecord | null> {
    return readRecord(this.options.store, this.#engine, await this.#sides(group), ref);
  }

  async status(group: GroupReference): Promise<SyncStatus> {
    return readStatus(this.options.store, scopeOf(this.options, group), this.entities);
  }

  /** How far it is, every second by default, until no run waits or is under way any more. */
  progress(
    group: GroupReference,
    { everyMs = 1_000, signal }: { readonly everyMs?: number; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<SyncProgress> {
    return follow(() => this.status(group), { everyMs, signal });
  }

  /** Leaves an entity out of runs, or all of them, until `resume`. @throws MaestranoSyncError `sync.operation` */
  async pause(group: GroupReference, entity?: string): Promise<void> {
    this.#declared(entity === undefined ? [] : [entity]);
    await this.#switches.pause(await this.#sides(group), entity === undefined ? this.entities : [entity]);
  }

  async resume(group: GroupReference, entity?: string): Promise<void> {
    await this.#switches.resume({ scope: scopeOf(this.options, group) }, entity ?? null);
  }

  /** Switches the group's synchronization off when it is on, and on when it is off. No write begins after it. */
  async toggle(group: GroupReference): Promise<boolean> {
    return this.#switches.toggle(await this.#sides(group));
  }

  /** Forgets everything about a group, and ends a run that is under way. Neither side is changed. */
  async forget(group: GroupReference): Promise<void> {
    await this.#slices.cancel(group);
    this.watch.forget(group);
    await this.options.store.forget(scopeOf(this.options, group));
    await settledWithin(SETTLE_MS, this.#slices.ended(group));
  }

  /** @throws MaestranoSyncError `sync.operation` for a name that no entity has: what is asked for would be done in silence */
  #declared(names: readonly string[] = []): void {
    for (const name of names) this.#engine.entity(name);
  }

  /** A run with the options, or with those of the request that is taken up; and whether one more has to follow. */
  async #run(
    group: GroupReference,
    {
      options = {},
      request = () => null,
      until = null,
      signal,
    }: {
      readonly options?: SyncRunOptions;
      readonly request?: GroupWork['request'];
      readonly until?: number | null;
      readonly signal?: AbortSignal;
    },
  ): Promise<EndedRun> {
    const work: GroupWork = {
      request,
      run: async (lease, { paused }, taken) => {
        const sides = await this.#sides(group);
        const how = { ...runOptionsOf(this.entities, paused, taken?.options ?? options), until };
        const result = await this.telemetry.run(group, () => this.#engine.run(sides, how, signal, lease));
        logRun(this.#logger, group, result);
        const present = await this.status(group);
        const code = result.errors[0]?.code ?? null;
        this.watch.note(group, present, code);
        const needs = needsOf(present, this.#settings.firstRun);
        const message = runMessage(present, result, needs);
        const status = result.status === 'failed' ? 'ERROR' : 'SUCCESS';
        return {
          result,
          ending: { status, message, dueSince: dueSinceOf(present), needs, code },
          pausedUntil: latest([sides.connec.pausedUntil ?? null, result.pausedUntil]),
        };
      },
      failed: (error) => {
        const code = error instanceof MaestranoError ? error.code : 'unknown';
        this.watch.failed(group, code);
        const message = error instanceof MaestranoSyncError ? error.message : 'The run failed.';
        return { status: 'ERROR', message, code };
      },
    };
    return this.#runs.run(scopeOf(this.options, group), work, signal);
  }

  #sides(group: GroupReference): ReturnType<typeof sidesOf> {
    return sidesOf(this.options, this.connec, group, this.#paces);
  }
}

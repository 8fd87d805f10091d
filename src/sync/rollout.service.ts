import { Inject, Injectable } from '@nestjs/common';

import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import { MaestranoError } from '../errors/maestrano.error.js';
import { MaestranoSqlError } from '../errors/sql.error.js';
import { MaestranoSyncError } from '../errors/sync.error.js';
import { errorOrigin } from '../utils/error-place.js';
import { shuffled } from '../utils/shuffled.js';
import { HeldLease } from './engine/held-lease.js';
import { rolloutScope, scopeOf } from './group-sides.js';
import { resolveSyncOptions } from './module-settings.js';
import { resolveRollout, type SyncRolloutOptions } from './rollout-settings.js';
import {
  isListed,
  isOwed,
  isPassedOver,
  placeOf,
  roomFor,
  type RolloutPlace,
  troubleOf,
  whyNot,
} from './rollout-rules.js';
import { isLeaseLost } from './run-states.js';
import type { SyncKnownGroup } from './store/sync-store.js';
import { MAESTRANO_SYNC_OPTIONS, MaestranoSync } from './sync.service.js';
import type { MaestranoSyncOptions } from './sync-options.interface.js';

/** What a step of a rollout found and did. */
export interface SyncRolloutReport {
  /** Companies by where they are; of those with trouble, `attention`. */
  readonly groups: Readonly<Record<RolloutPlace, number>>;
  /** Those that this step has listed for a plan. */
  readonly listed: readonly GroupReference[];
  /** Those that this step began. */
  readonly begun: readonly GroupReference[];
  /** Those whose plan a person has to look at, and why; 100 at most. */
  readonly left: readonly { readonly group: GroupReference; readonly why: string }[];
  /** Why nothing is begun any more until somebody looked; null where nothing stands against it. */
  readonly stopped: string | null;
}

/** Plans that a step leaves to persons before it ends. */
const MOST_LEFT = 100;

/** What the store says of all companies. */
interface Overview {
  readonly groups: Record<RolloutPlace, number>;
  readonly planned: readonly GroupReference[];
  /** Companies that have begun, and whose run never came. */
  readonly owed: readonly GroupReference[];
  /** Companies that are listed at present, by marketplace. */
  readonly listing: ReadonlyMap<string, number>;
  /** Those that are not to be listed any more. */
  readonly known: ReadonlySet<string>;
  readonly stopped: string | null;
}

/**
 * Confirms first synchronizations in cohorts (synchronization §14): only plans that create and link, in steps, and none any more as
 * soon as a company that has begun is in trouble, or a person stopped it. Everything it goes by is in the store.
 */
@Injectable()
export class SyncRollout {
  constructor(
    @Inject(MAESTRANO_SYNC_OPTIONS) private readonly options: MaestranoSyncOptions,
    private readonly sync: MaestranoSync,
  ) {}

  /**
   * One step: companies are listed within the budget of their marketplace, and nothing is begun while companies of the last step are
   * under way. Call it again and again, by a timer or a person. Of several at once one does something, in whatever process: the others
   * only say where the companies are.
   *
   * @throws MaestranoConfigurationError `configuration.options` for options that cannot be used: nothing is begun
   * @throws MaestranoSqlError where the store cannot be read
   */
  async next(options: SyncRolloutOptions = {}): Promise<SyncRolloutReport> {
    // What cannot be used is said before anything is begun.
    resolveRollout(options);
    const { store } = this.options;
    const { leaseMs, timeoutMs } = resolveSyncOptions(this.options);
    const lease = await store.acquire(rolloutScope(this.options), leaseMs + timeoutMs);
    if (lease === null) return this.status(options);
    try {
      return await this.#step(options, new HeldLease(store, lease, { leaseMs, timeoutMs }));
    } finally {
      await store.release(lease);
    }
  }

  async #step(
    { companies = [], ...options }: SyncRolloutOptions,
    guard: HeldLease,
  ): Promise<SyncRolloutReport> {
    const { steps, planLimit, heldShare, inventories } = resolveRollout(options);
    const overview = await this.#look(heldShare);
    const { groups, planned, owed } = overview;
    const begun: GroupReference[] = [];
    const left: { group: GroupReference; why: string }[] = [];
    const listed = overview.stopped === null ? await this.#list(companies, inventories, overview) : [];
    const room = overview.stopped === null && groups.underway === 0 ? roomFor(groups.done, steps) : 0;
    let { stopped } = overview;
    // Of those that have begun, whoever the process was that meant to.
    for (const group of stopped === null ? owed : []) {
      await this.sync.start(group);
      begun.push(group);
    }
    // Each time in another order: behind those that are left to persons others get their turn.
    for (const group of shuffled(planned)) {
      if (begun.length >= room || left.length >= MOST_LEFT) break;
      const why = (await this.#listedAnew(group)) ?? (await this.#whyNot(group, planLimit));
      if (why !== null) {
        left.push({ group, why });
        continue;
      }
      // A step may go on for hours.
      stopped = await this.#stoppedByPerson();
      if (stopped !== null || !(await isHeld(guard))) break;
      if (await this.#begin(group)) begun.push(group);
      else left.push({ group, why: 'A run of it is under way.' });
    }
    return { groups, listed, begun, left, stopped };
  }

  /** Where the companies are, and whether something stands against going on. Begins nothing, and reads neither side. */
  async status(options: Pick<SyncRolloutOptions, 'heldShare'> = {}): Promise<SyncRolloutReport> {
    const { groups, stopped } = await this.#look(resolveRollout(options).heldShare);
    return { groups, listed: [], begun: [], left: [], stopped };
  }

  /** No process lists or begins a company any more, until `resume()`. Those that have begun go on. */
  async stop(): Promise<void> {
    await this.options.store.setGroup(rolloutScope(this.options), { paused: { rollout: Date.now() } });
  }

  async resume(): Promise<void> {
    await this.options.store.setGroup(rolloutScope(this.options), { paused: {} });
  }

  async #look(heldShare: number): Promise<Overview> {
    const groups = { waiting: 0, planned: 0, underway: 0, done: 0, attention: 0 };
    const planned: GroupReference[] = [];
    const owed: GroupReference[] = [];
    const listing = new Map<string, number>();
    const known = new Set<string>();
    let stopped = await this.#stoppedByPerson();
    for await (const one of this.#groups()) {
      const { marketplace, groupUid, state } = one;
      const place = placeOf(one, heldShare);
      groups[place] += 1;
      if (isPassedOver(state)) known.add(keyOf(one));
      if (isListed(one)) listing.set(marketplace, (listing.get(marketplace) ?? 0) + 1);
      if (place === 'planned') planned.push({ marketplace, groupUid });
      if (isOwed(state)) owed.push({ marketplace, groupUid });
      if (place === 'attention') stopped ??= troubleOf(one);
    }
    return { groups, planned, owed, listing, known, stopped };
  }

  /**
   * Has a company listed again that an older release listed: a plan of this one says nothing of what that one would write. Null where
   * this release listed it.
   */
  async #listedAnew(group: GroupReference): Promise<string | null> {
    const { store, entities } = this.options;
    for (const { name, version } of entities) {
      const { declaration } = await store.stream(scopeOf(this.options, group), name);
      if (declaration === null || declaration.version >= version) continue;
      await this.sync.start(group);
      return 'An older release listed it: this one does so first.';
    }
    return null;
  }

  /** Why a person has to look at a company; one whose plan cannot be read holds no other one back. */
  async #whyNot(group: GroupReference, limit: number): Promise<string | null> {
    try {
      return whyNot(await this.sync.plan(group, { limit }));
    } catch (error) {
      if (error instanceof MaestranoSqlError) throw error;
      const why = error instanceof MaestranoError ? error.message : errorOrigin(error);
      return `The plan cannot be read: ${why}`;
    }
  }

  /** Whether the company began; false where somebody else is at it. */
  async #begin(group: GroupReference): Promise<boolean> {
    try {
      await this.sync.confirm(group);
    } catch (error) {
      if (error instanceof MaestranoSyncError && error.code === 'sync.busy') return false;
      throw error;
    }
    const { store } = this.options;
    await store.setGroup(scopeOf(this.options, group), { rolledOutAt: await store.now() });
    await this.sync.start(group);
    return true;
  }

  /** Has companies listed that nobody asked for yet, as many of each marketplace as there is room for. */
  async #list(
    companies: NonNullable<SyncRolloutOptions['companies']>,
    inventories: number,
    { listing, known }: Overview,
  ): Promise<readonly GroupReference[]> {
    const counts = new Map(listing);
    const listed: GroupReference[] = [];
    for await (const { marketplace, groupUid } of companies) {
      const count = counts.get(marketplace) ?? 0;
      if (count >= inventories || known.has(keyOf({ marketplace, groupUid }))) continue;
      if ((await this.#stoppedByPerson()) !== null) break;
      await this.sync.start({ marketplace, groupUid });
      counts.set(marketplace, count + 1);
      listed.push({ marketplace, groupUid });
    }
    return listed;
  }

  async #stoppedByPerson(): Promise<string | null> {
    const since = (await this.options.store.group(rolloutScope(this.options))).paused['rollout'];
    return since === undefined ? null : `Stopped by a person on ${new Date(since).toISOString()}.`;
  }

  async *#groups(): AsyncGenerator<SyncKnownGroup> {
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<MaestranoSync['groups']>> = await this.sync.groups({ after });
      yield* page.groups;
      after = page.next;
    } while (after !== null);
  }
}

/** Whether no other step has begun since: reading a plan may have taken longer than a lease lasts. */
async function isHeld(guard: HeldLease): Promise<boolean> {
  try {
    await guard.check();
    return true;
  } catch (error) {
    if (isLeaseLost(error)) return false;
    throw error;
  }
}

function keyOf({ marketplace, groupUid }: GroupReference): string {
  return JSON.stringify([marketplace, groupUid]);
}

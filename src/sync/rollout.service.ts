import { Inject, Injectable } from '@nestjs/common';

import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import type { SyncPlan } from './engine/plan.js';
import { scopeOf } from './group-sides.js';
import { waitingRequest } from './store/sync-request.js';
import type { SyncKnownGroup } from './store/sync-store.js';
import { MAESTRANO_SYNC_OPTIONS, MaestranoSync } from './sync.service.js';
import type { MaestranoSyncOptions } from './sync-options.interface.js';

/** How the first synchronization of many companies is begun. */
export interface SyncRolloutOptions {
  /** How many companies have begun after each step: 1, 10, 100 by default, and then all. */
  readonly steps?: readonly number[];
  /** Share of a company's records that may be held back for a person before nothing more is begun; 0.02 by default. */
  readonly heldShare?: number;
  /** Records of a plan that are looked at; a company with more waits for a person. 10,000 by default. */
  readonly planLimit?: number;
}

/** What a step of a rollout found and did. */
export interface SyncRolloutReport {
  /** Companies by where they are; of those with trouble, `attention`. */
  readonly groups: Readonly<Record<'waiting' | 'planned' | 'underway' | 'done' | 'attention', number>>;
  /** Those that this step began. */
  readonly begun: readonly GroupReference[];
  /** Those whose plan a person has to look at, and why; 100 at most. */
  readonly left: readonly { readonly group: GroupReference; readonly why: string }[];
  /** Why nothing is begun any more until somebody looked; null where nothing stands against it. */
  readonly stopped: string | null;
}

const STEPS = [1, 10, 100] as const;

/** Companies that one step begins at most, and plans that it leaves to persons before it ends. */
const [MOST_BEGUN, MOST_LEFT] = [1_000, 100];

/** Companies with held records that are counted in one step. */
const MOST_COUNTED = 1_000;

/**
 * Confirms first synchronizations in cohorts (synchronization §14): only plans that create and link, in steps, and none any more as
 * soon as a company that has begun is in trouble. Everything it goes by is in the store.
 */
@Injectable()
export class SyncRollout {
  constructor(
    @Inject(MAESTRANO_SYNC_OPTIONS) private readonly options: MaestranoSyncOptions,
    private readonly sync: MaestranoSync,
  ) {}

  /**
   * One step: nothing is begun while companies of the last one are under way. Call it again and again, by a timer or a person.
   *
   * @throws MaestranoSyncError `sync.sideAway` where a plan cannot be read
   */
  async next(options: SyncRolloutOptions = {}): Promise<SyncRolloutReport> {
    const { steps = STEPS, heldShare = 0.02, planLimit = 10_000 } = options;
    const counts = { waiting: 0, planned: 0, underway: 0, done: 0, attention: 0 };
    const planned: GroupReference[] = [];
    let stopped: string | null = null;
    let counted = 0;
    for await (const one of this.#groups()) {
      let state = stateOf(one);
      if (state === 'done' && (one.state.run?.needs?.records ?? 0) > 0 && (counted += 1) <= MOST_COUNTED) {
        if ((await this.#heldShare(one)) > heldShare) state = 'attention';
      }
      counts[state] += 1;
      if (state === 'planned') planned.push(one);
      if (state === 'attention') stopped ??= reasonOf(one);
    }
    const begun: GroupReference[] = [];
    const left: { group: GroupReference; why: string }[] = [];
    const room = stopped === null && counts.underway === 0 ? roomFor(counts.done, steps) : 0;
    for (const { marketplace, groupUid } of planned) {
      if (begun.length >= room || left.length >= MOST_LEFT) break;
      const group = { marketplace, groupUid };
      const why = whyNot(await this.sync.plan(group, { limit: planLimit }));
      if (why !== null) {
        left.push({ group, why });
        continue;
      }
      await this.sync.confirm(group);
      await this.options.store.setGroup(scopeOf(this.options, group), { rolledOutAt: Date.now() });
      await this.sync.start(group);
      begun.push(group);
    }
    return { groups: counts, begun, left, stopped };
  }

  async *#groups(): AsyncGenerator<SyncKnownGroup> {
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<MaestranoSync['groups']>> = await this.sync.groups({ after });
      yield* page.groups;
      after = page.next;
    } while (after !== null);
  }

  async #heldShare({ marketplace, groupUid, state }: SyncKnownGroup): Promise<number> {
    const { entities } = await this.sync.status({ marketplace, groupUid });
    const links = entities.reduce((sum, one) => sum + one.links, 0);
    return links === 0 ? 0 : (state.run?.needs?.records ?? 0) / links;
  }
}

function stateOf({ state }: SyncKnownGroup): keyof SyncRolloutReport['groups'] {
  const { run, rolledOutAt } = state;
  const goesOn = waitingRequest(state) !== null || (state.taken?.options ?? null) !== null;
  const isUnderWay = run?.endedAt === null || goesOn;
  if (rolledOutAt !== null && (isUnderWay || (run?.endedAt ?? 0) < rolledOutAt)) return 'underway';
  if (run === null || run.needs === undefined) return 'waiting';
  if (run.needs.stopped > 0) return 'attention';
  return run.needs.confirmation ? 'planned' : 'done';
}

function reasonOf({ marketplace, groupUid, state }: SyncKnownGroup): string {
  const { records = 0, stopped = 0 } = state.run?.needs ?? {};
  const what = stopped > 0 ? `${stopped} entities stopped` : `${records} records are held back`;
  return `${marketplace}/${groupUid}: ${what}.`;
}

/** How many more may begin. */
function roomFor(done: number, steps: readonly number[]): number {
  const next = steps.toSorted((one, other) => one - other).find((step) => step > done);
  return Math.min(MOST_BEGUN, next === undefined ? Number.POSITIVE_INFINITY : next - done);
}

/** Why a person has to look at a plan; null for one that only creates and links. */
function whyNot({ entries, truncated }: SyncPlan): string | null {
  if (truncated) return 'The plan is longer than planLimit.';
  const overwritten = entries.filter(
    ({ fields, action }) => fields.length > 0 || action === 'archiveInConnec',
  );
  if (overwritten.length > 0) return `${overwritten.length} records would be overwritten.`;
  const unclear = entries.filter(
    ({ action, reason }) => action === 'stop' || (action === 'hold' && reason !== 'sync.reference'),
  );
  return unclear.length > 0 ? `${unclear.length} records are unclear (${unclear[0]!.reason ?? ''}).` : null;
}

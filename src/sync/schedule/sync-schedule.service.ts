import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  Optional,
} from '@nestjs/common';

import { RecurringWork } from '../../stores/recurring-work.js';
import { SyncScheduler } from '../../stores/sync-scheduler.js';
import { errorPlace } from '../../utils/error-place.js';
import { Repetition } from '../../utils/repetition.js';
import { number } from '../../views/format.js';
import { shuffled } from '../../utils/shuffled.js';
import type { GroupReference } from '../../adapters/maestrano-group.adapter.js';
import { appOf, scopeOf } from '../group-sides.js';
import { MAESTRANO_SYNC_OPTIONS, MaestranoSync } from '../sync.service.js';
import type { MaestranoSyncOptions } from '../sync-options.interface.js';
import { resolveSyncOptions } from '../module-settings.js';
import { Admission } from './admission.js';
import { dueTime, isAhead, isLost } from './due-time.js';

/** How often it is looked for groups that are due, in milliseconds. */
const TURN_MS = 60_000;

/** How long a shutdown waits for a turn, which begins nothing more by then; milliseconds. */
const GOODBYE_MS = 5_000;

/** Groups that are read at once. */
const PAGE = 1_000;

/** How often a group is due where nobody looks but by a call, in milliseconds. */
const HOUR_MS = 3_600_000;

/**
 * Has every group that was run before be run again and again, and finds what a queue or a process lost. Everything that it goes by
 * is in the store: there is no timer and no object for a group, and nobody has to remember when one was run. With a queue, one
 * process looks for all and gives it the names of those that are due; without one each process looks, and runs some of them
 * itself.
 */
@Injectable()
export class SyncSchedule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('MaestranoSync');
  readonly #repetition = new Repetition(() => this.#turn());
  readonly #everyMs: number | null;
  #stopped = false;

  constructor(
    @Inject(MAESTRANO_SYNC_OPTIONS) private readonly options: MaestranoSyncOptions,
    private readonly sync: MaestranoSync,
    @Optional() private readonly scheduler?: SyncScheduler,
    @Optional() private readonly recurring?: RecurringWork,
  ) {
    this.#everyMs = resolveSyncOptions(options).schedule;
  }

  /** @internal Nest's own hook. */
  onApplicationBootstrap(): void {
    const names = this.sync.entities.join(', ');
    const how = this.#everyMs === null ? 'when asked for' : `every ${number(this.#everyMs / 1_000)} s`;
    this.#logger.log(`Synchronization: ${names}; ${how}; links in ${this.options.store.constructor.name}`);
    // Also where no group is due by itself: what was asked for is done although a queue or a process lost it.
    if (this.scheduler && this.recurring) {
      return this.recurring.repeat('synchronization', TURN_MS, () => this.#repetition.once());
    }
    // Instances that were started together do not look together.
    this.#repetition.start(TURN_MS * (0.5 + Math.random() / 2), TURN_MS);
  }

  /** @internal Nest's own hook: before the runs are ended. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    await this.#repetition.stop(GOODBYE_MS);
  }

  /**
   * Begins the runs of all groups that are due; resolves with how many. They follow in the background.
   *
   * @param at milliseconds of the epoch; by default those of the clock that all instances share
   */
  async turn(at?: number): Promise<number> {
    return this.#begin(at, this.#everyMs ?? HOUR_MS);
  }

  /** @param everyMs how often groups are due; null to look for what was lost only */
  async #begin(at: number | undefined, everyMs: number | null): Promise<number> {
    const { store } = this.options;
    const now = at ?? (await store.now());
    const app = appOf(this.options);
    const admission = new Admission();
    const due: GroupReference[] = [];
    let after: string | undefined;
    do {
      const page = await store.groups(app, { limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const one of page.groups) {
        const { marketplace, groupUid, state } = one;
        admission.see(one);
        if (!state.enabled || (state.pausedUntil ?? 0) > now) continue;
        const { run } = state;
        const isDue = (): boolean =>
          everyMs !== null &&
          run !== null &&
          (isAhead(run.endedAt ?? run.startedAt, now) ||
            dueTime(scopeOf(this.options, one), state, everyMs) <= now);
        if (isLost(state, now) || isDue()) due.push({ marketplace, groupUid });
      }
      after = page.next ?? undefined;
    } while (after !== undefined && !this.#stopped);
    let begun = 0;
    for (const group of shuffled(due)) {
      if (this.#stopped) break;
      if (!admission.admits(group.marketplace, now)) continue;
      await this.sync.due(group);
      begun += 1;
    }
    return begun;
  }

  /** Never rejects: the next turn tries again. */
  async #turn(): Promise<void> {
    try {
      await this.#begin(undefined, this.#everyMs);
    } catch (error) {
      this.#logger.warn(`No group could be looked for that is due: ${errorPlace(error)}`);
    }
  }
}

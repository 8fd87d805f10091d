import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';

import { errorPlace } from '../../utils/error-place.js';
import { Repetition } from '../../utils/repetition.js';
import { appOf, scopeOf } from '../group-sides.js';
import type { SyncKnownGroup } from '../store/sync-store.js';
import { MAESTRANO_SYNC_OPTIONS, MaestranoSync } from '../sync.service.js';
import type { MaestranoSyncOptions } from '../sync-options.interface.js';
import { SyncWatch } from '../watch/sync-watch.service.js';
import { Admission } from './admission.js';
import { dueTime } from './due-time.js';

/** How often it is looked for groups that are due, in milliseconds. */
const TURN_MS = 60_000;

/** How long a shutdown waits for a turn, which begins nothing more by then; milliseconds. */
const GOODBYE_MS = 5_000;

/** Groups that are read at once. */
const PAGE = 1_000;

/** How often a group is run unless said otherwise, in milliseconds. */
const HOUR_MS = 3_600_000;

/**
 * Has every group that was run before be run again and again. Everything that it goes by is in the store: any number of
 * processes do it side by side, the lease of a group keeps them apart, and one that dies leaves nothing behind. There is no
 * timer and no object for a group.
 */
@Injectable()
export class SyncSchedule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('MaestranoSync');
  readonly #admission = new Admission();
  readonly #repetition = new Repetition(() => this.#turn());
  #stopped = false;

  constructor(
    @Inject(MAESTRANO_SYNC_OPTIONS) private readonly options: MaestranoSyncOptions,
    private readonly sync: MaestranoSync,
    private readonly watch: SyncWatch,
  ) {}

  /** @internal Nest's own hook. */
  onApplicationBootstrap(): void {
    if (this.options.schedule === 'off') return;
    this.watch.onRun(({ marketplace }, failure) =>
      this.#admission.note(marketplace, failure === 'sync.sideAway'),
    );
    // Instances that were started together do not look together.
    this.#repetition.start(TURN_MS * (0.5 + Math.random() / 2), TURN_MS);
  }

  /** @internal Nest's own hook: before the runs are ended. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    await this.#repetition.stop(GOODBYE_MS);
  }

  /** Begins the runs of all groups that are due; resolves with how many. They follow in the background. */
  async turn(now = Date.now()): Promise<number> {
    const { store, schedule } = this.options;
    const app = appOf(this.options);
    const everyMs = schedule === 'off' ? HOUR_MS : (schedule?.everyMs ?? HOUR_MS);
    this.#admission.next();
    let begun = 0;
    let after: string | undefined;
    do {
      const page = await store.groups(app, { limit: PAGE, ...(after === undefined ? {} : { after }) });
      const due = page.groups.filter(
        (one) => one.state.enabled && dueTime(scopeOf(this.options, one), one.state, everyMs) <= now,
      );
      for (const { marketplace, groupUid } of shuffled(due)) {
        if (this.#stopped || !this.#admission.admits(marketplace)) continue;
        await this.sync.start({ marketplace, groupUid });
        begun += 1;
      }
      after = page.next ?? undefined;
    } while (after !== undefined && !this.#stopped);
    return begun;
  }

  /** Never rejects: the next turn tries again. */
  async #turn(): Promise<void> {
    try {
      await this.turn();
    } catch (error) {
      this.#logger.warn(`No group could be looked for that is due: ${errorPlace(error)}`);
    }
  }
}

/** In an order of this process' own: others begin with other groups. */
function shuffled(groups: readonly SyncKnownGroup[]): readonly SyncKnownGroup[] {
  return groups
    .map((one) => ({ one, place: Math.random() }))
    .toSorted((first, second) => first.place - second.place)
    .map(({ one }) => one);
}

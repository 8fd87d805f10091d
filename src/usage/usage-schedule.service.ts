import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  Optional,
} from '@nestjs/common';

import { RecurringWork } from '../stores/recurring-work.js';
import { errorPlace } from '../utils/error-place.js';
import { Repetition } from '../utils/repetition.js';
import { count } from '../views/format.js';
import { MAESTRANO_USAGE_OPTIONS, MaestranoUsage } from './usage.service.js';
import type { MaestranoUsageOptions } from './usage-options.interface.js';

const HOUR_MS = 3_600_000;

/** Instances that were started together do not close together: up to a minute. */
const SPREAD_MS = 60_000;

/** How long a shutdown waits for a run after its signal, in milliseconds. */
const GOODBYE_MS = 10_000;

/**
 * Closes what is due every hour, and soon after the start what fell due while nothing ran: by the queue that the application
 * has, in one process for all; by a timer in each process where it has none, which is as safe and asks the store more often.
 */
@Injectable()
export class UsageSchedule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('MaestranoUsage');
  readonly #over = new AbortController();
  readonly #repetition = new Repetition(() => this.#close());

  constructor(
    @Inject(MAESTRANO_USAGE_OPTIONS) private readonly options: MaestranoUsageOptions,
    private readonly usage: MaestranoUsage,
    @Optional() private readonly queue?: RecurringWork,
  ) {}

  /** @internal Nest's own hook. */
  onApplicationBootstrap(): void {
    if (this.options.schedule === 'off') return;
    if (this.queue) this.queue.repeat('usage', HOUR_MS, () => this.#repetition.once());
    else this.#repetition.start(Math.random() * SPREAD_MS, HOUR_MS);
  }

  /** @internal Nest's own hook: before stores and queues are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#over.abort(new Error('The application is stopping.'));
    if (await this.#repetition.stop(GOODBYE_MS)) return;
    this.#logger.warn(
      'Closing the usage is not waited for any longer; what is sealed is sent by the next run.',
    );
  }

  /** Never rejects. */
  async #close(): Promise<void> {
    try {
      const { failed, sealed, sent } = await this.usage.close({ signal: this.#over.signal });
      const waiting = sent.filter(({ error }) => error !== null).length;
      if (sealed.length + sent.length + failed.length === 0) return;
      this.#logger.log(
        `Usage: ${count(sealed.length, 'statement')} sealed, ${sent.length - waiting} sent, ${waiting} waiting, ${failed.length} failed.`,
      );
      for (const { error, marketplace, group, meter } of failed.slice(0, 20)) {
        this.#logger.warn(`${error.code} for "${meter}" (${marketplace}/${group}): ${error.message}`);
      }
    } catch (error) {
      this.#logger.error('The usage could not be closed; the next hour tries again.', errorPlace(error));
    }
  }
}

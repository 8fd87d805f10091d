import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';

import { errorPlace } from '../utils/error-place.js';
import { settledWithin } from '../utils/settled-within.js';
import { MAESTRANO_USAGE_OPTIONS, MaestranoUsage } from './usage.service.js';
import type { MaestranoUsageOptions } from './usage-options.interface.js';

const HOUR_MS = 3_600_000;

/** Instances that were started together do not close together: up to a minute. */
const SPREAD_MS = 60_000;

/** How long a shutdown waits for a run after its signal, in milliseconds. */
const GOODBYE_MS = 10_000;

/** Closes what is due every hour, and soon after the start what fell due while nothing ran. */
@Injectable()
export class UsageSchedule implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('MaestranoUsage');
  readonly #over = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    @Inject(MAESTRANO_USAGE_OPTIONS) private readonly options: MaestranoUsageOptions,
    private readonly usage: MaestranoUsage,
  ) {}

  /** @internal Nest's own hook. */
  onApplicationBootstrap(): void {
    if (this.options.schedule !== 'off') this.#wait(Math.random() * SPREAD_MS);
  }

  /** @internal Nest's own hook. */
  async onApplicationShutdown(): Promise<void> {
    this.#over.abort(new Error('The application is stopping.'));
    clearTimeout(this.#timer);
    if (await settledWithin(GOODBYE_MS, this.#running)) return;
    this.#logger.warn(
      'Closing the usage is not waited for any longer; what is sealed is sent by the next run.',
    );
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#close().finally(() => {
        if (!this.#over.signal.aborted) this.#wait(HOUR_MS);
      });
    }, ms);
    this.#timer.unref();
  }

  async #close(): Promise<void> {
    try {
      const { failed, sealed, sent } = await this.usage.close({ signal: this.#over.signal });
      const waiting = sent.filter(({ error }) => error !== null).length;
      if (sealed.length + sent.length + failed.length === 0) return;
      this.#logger.log(
        `Usage: ${sealed.length} statements sealed, ${sent.length - waiting} sent, ${waiting} wait, ${failed.length} failed.`,
      );
      for (const { error, marketplace, group, meter } of failed.slice(0, 20)) {
        this.#logger.warn(`${error.code} for "${meter}" (${marketplace}/${group}): ${error.message}`);
      }
    } catch (error) {
      this.#logger.error('The usage could not be closed; the next hour tries again.', errorPlace(error));
    }
  }
}

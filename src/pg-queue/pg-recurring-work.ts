import { setTimeout as pause } from 'node:timers/promises';

import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';

import { RecurringWork } from '../stores/recurring-work.js';
import { errorPlace } from '../utils/error-place.js';
import { settledWithin } from '../utils/settled-within.js';
import { MAESTRANO_PG_QUEUE_OPTIONS, PgNotificationQueue } from './pg-notification-queue.js';
import type { MaestranoPgQueueOptions } from './pg-queue-options.interface.js';
import { type PgQueueSettings, resolvePgQueueSettings } from './pg-queue-settings.js';

/** Looks for a notification that go by until there is one for recurring work, which nobody waits for. */
const POLLS = 10;
/** Milliseconds that a shutdown waits for a turn that is under way. */
const GOODBYE_MS = 1_000;

/** Recurring work by jobs of pg-boss, in a queue beside that of the notifications for each kind of work. */
@Injectable()
export class PgRecurringWork extends RecurringWork implements OnApplicationShutdown {
  readonly #logger = new Logger('MaestranoRecurringWork');
  readonly #settings: PgQueueSettings;
  readonly #over = new AbortController();
  readonly #loops: Promise<void>[] = [];

  constructor(
    @Inject(MAESTRANO_PG_QUEUE_OPTIONS) options: MaestranoPgQueueOptions,
    private readonly queue: PgNotificationQueue,
  ) {
    super();
    this.#settings = resolvePgQueueSettings(options);
  }

  override repeat(name: string, everyMs: number, work: () => Promise<void>): void {
    if (this.#settings.worker) this.#loops.push(this.#loop(name, everyMs, work));
  }

  /** @internal Nest's own hook. */
  async onApplicationShutdown(): Promise<void> {
    this.#over.abort();
    if (await settledWithin(GOODBYE_MS, Promise.all(this.#loops))) return;
    this.#logger.warn('Recurring work is still under way; another process takes it up.');
  }

  async #loop(name: string, everyMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#over;
    const pollMs = Math.min(everyMs, this.#settings.pollMs * POLLS);
    while (!signal.aborted) {
      try {
        await this.#look(name, everyMs, work);
      } catch (error) {
        if (!signal.aborted) this.#logger.warn(`The next look tries again: ${errorPlace(error)}`);
      }
      // Instances that were started together do not look together for ever.
      await pause(pollMs * (0.8 + 0.4 * Math.random()), undefined, { signal, ref: false }).catch(
        () => undefined,
      );
    }
  }

  /** Does what is due, unless somebody else does. */
  async #look(name: string, everyMs: number, work: () => Promise<void>): Promise<void> {
    const id = await this.queue.onTurns(name, async (turns) => {
      await turns.open();
      await turns.add(everyMs);
      return turns.take();
    });
    if (id === null) return;
    const timer = setInterval(() => {
      // Whoever stops before the work ends leaves it to others.
      if (this.#over.signal.aborted) return;
      this.queue.onTurns(name, (turns) => turns.renew(id)).catch(() => undefined);
    }, this.#settings.lockMs / 3).unref();
    try {
      await work();
    } finally {
      clearInterval(timer);
    }
    await this.queue.onTurns(name, (turns) => turns.end(id));
  }
}

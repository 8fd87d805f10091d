import type { Logger } from '@nestjs/common';

import type { MaestranoNotificationAdapter } from '../../adapters/maestrano-notification.adapter.js';
import { errorPlace } from '../../utils/error-place.js';
import type { ConnecDelivery } from './connec-delivery.js';
import type { RegisteredHandler } from './connec-handler.registry.js';
import { SKIPPED } from './handler-enhancers.js';
import type { ConnecNotificationCounters } from './notification-stats.js';

/** What some of the handlers of a delivery did: they threw. */
export interface HandlersFailure {
  /** What the first of them threw. */
  readonly error: unknown;
  /** Names of those that are done, at an earlier attempt and skipped by a guard included. */
  readonly finished: readonly string[];
}

/** Calls the handlers of deliveries one after the other, counts those that a guard skips, and reports those that throw. */
export class HandlerCaller {
  constructor(
    private readonly handlersOf: (resource: string) => readonly RegisteredHandler[],
    private readonly adapter: MaestranoNotificationAdapter | null,
    private readonly logger: Logger,
    private readonly counts: Pick<ConnecNotificationCounters['counts'], 'skipped'>,
  ) {}

  /** Resolves with null when no handler threw; never rejects for what one did. */
  async call(delivery: ConnecDelivery, finishedBefore: readonly string[]): Promise<HandlersFailure | null> {
    const finished = [...finishedBefore];
    let failure: { readonly error: unknown } | null = null;
    for (const handler of this.handlersOf(delivery.resource)) {
      if (finishedBefore.includes(handler.name)) continue;
      try {
        const running = handler.run(delivery.entity, delivery);
        // A handler that was done at once is not waited for.
        if (running !== undefined && (await Promise.resolve(running)) === SKIPPED) this.counts.skipped += 1;
        finished.push(handler.name);
      } catch (error) {
        failure ??= { error };
        await this.#report(handler.name, error, delivery);
      }
    }
    return failure && { error: failure.error, finished };
  }

  async #report(handler: string, error: unknown, delivery: ConnecDelivery): Promise<void> {
    const { resource, groupUid, attempt, marketplace, recordId, updatedAt, deliveryKey } = delivery;
    this.logger.error(
      `${handler} failed for a ${resource} entity of group ${JSON.stringify(groupUid.slice(0, 64))} on "${marketplace.name}" (attempt ${attempt}).`,
      errorPlace(error),
    );
    const context = { marketplace, groupUid, resource, recordId, updatedAt, deliveryKey, attempt };
    try {
      await this.adapter?.onFailure?.({ ...context, handler, error });
    } catch {
      // The failure itself is logged already.
    }
  }
}

import type { Logger } from '@nestjs/common';

import type { MaestranoNotificationAdapter } from '../../adapters/maestrano-notification.adapter.js';
import { errorPlace } from '../../utils/error-place.js';
import type { ConnecDelivery } from './connec-delivery.js';
import type { RegisteredHandler } from './connec-handler.registry.js';
import type { DeliveryClaim, TransactionalStep } from './delivery-ledger.js';
import type { Admission, NotificationAdmission } from './group-admission.service.js';
import { SKIPPED } from './handler-enhancers.js';
import { type HandlerWatch, shown } from './handler-watch.js';
import type { ConnecNotificationCounters } from './notification-stats.js';

/** What became of a delivery whose handlers are not all done. */
export interface HandlersResult {
  /** What the first threw that was not asked to end, or the store when it was asked; null when none did. */
  readonly failure: { readonly error: unknown } | null;
  /** Names of those that are done, at an earlier attempt and skipped by a guard included. */
  readonly finished: readonly string[];
  /**
   * Why the others were not begun, or were asked to end; null when it is not so. `unavailable`: the store does not say
   * whether the group is still a customer.
   */
  readonly stopped: 'deleted' | 'stopping' | 'unavailable' | null;
  /** Whether one was begun that is not done: it may have written. */
  readonly isBegun: boolean;
}

/** Says whether a handler may begin for the group. */
export type HandlerAdmission = Pick<NotificationAdmission, 'of' | 'renewed'>;

/** What {@link HandlerCaller} works with. */
export interface HandlerCallerParts {
  readonly handlersOf: (resource: string) => readonly RegisteredHandler[];
  readonly adapter: MaestranoNotificationAdapter | null;
  readonly admission: HandlerAdmission;
  readonly watch: HandlerWatch;
  readonly logger: Logger;
  readonly counts: Pick<ConnecNotificationCounters['counts'], 'skipped'>;
  /** Runs a handler in a transaction with the note that it is done; missing where the store has none. */
  readonly within?:
    ((step: TransactionalStep, work: (transaction: unknown) => Promise<unknown>) => Promise<unknown>) | null;
}

/** Calls the handlers of deliveries one after the other, counts those that a guard skips, and reports those that throw. */
export class HandlerCaller {
  constructor(private readonly parts: HandlerCallerParts) {}

  /** Resolves with null when all handlers are done; never rejects. */
  async call(claim: DeliveryClaim): Promise<HandlersResult | null> {
    const { delivery, finished: finishedBefore } = claim;
    const { handlersOf, admission, watch, counts } = this.parts;
    const { groupUid } = delivery;
    const finished = [...finishedBefore];
    let failure: { readonly error: unknown } | null = null;
    let context = delivery;
    const all = handlersOf(delivery.resource);
    for (const handler of all) {
      if (finishedBefore.includes(handler.name)) continue;
      let admitted: Admission = admission.of(groupUid);
      if (admitted === 'expired') {
        try {
          admitted = await admission.renewed(groupUid);
        } catch (error) {
          return {
            failure: failure ?? { error },
            finished,
            stopped: 'unavailable',
            isBegun: failure !== null,
          };
        }
      }
      if (admitted !== 'granted') return { failure, finished, stopped: admitted, isBegun: failure !== null };
      try {
        const running = handler.isTransactional
          ? this.#inTransaction(handler, context, {
              claim,
              finished: [...finished, handler.name],
              isLast: all.every(({ name }) => name === handler.name || finished.includes(name)),
            })
          : handler.run(delivery.entity, context);
        // A handler that was done at once is not waited for.
        if (isPromise(running) && (await watch.watch(handler.name, context, running)) === SKIPPED) {
          counts.skipped += 1;
        }
        finished.push(handler.name);
      } catch (error) {
        if (context.isStopped) {
          const why = admission.of(groupUid);
          if (why === 'deleted' || why === 'stopping')
            return { failure, finished, stopped: why, isBegun: true };
          context = delivery.again();
        }
        failure ??= { error };
        await this.#report(handler.name, error, delivery);
      }
    }
    return failure && { failure, finished, stopped: null, isBegun: true };
  }

  async #inTransaction(
    handler: RegisteredHandler,
    context: ConnecDelivery,
    step: TransactionalStep,
  ): Promise<unknown> {
    return this.parts.within?.(step, async (transaction) => {
      context.tx = transaction;
      try {
        return await handler.run(context.entity, context);
      } finally {
        context.tx = undefined;
      }
    });
  }

  async #report(handler: string, error: unknown, delivery: ConnecDelivery): Promise<void> {
    const { adapter, watch, logger } = this.parts;
    const { resource, groupUid, attempt, marketplace, recordId, updatedAt, deliveryKey, signal } = delivery;
    logger.error(
      `${handler} failed for a ${resource} entity of group ${shown(groupUid)} on "${marketplace.name}" (attempt ${attempt}).`,
      errorPlace(error),
    );
    const facts = { marketplace, groupUid, resource, recordId, updatedAt, deliveryKey, attempt, signal };
    const context = { ...facts, tx: undefined };
    try {
      const running = adapter?.onFailure?.({ ...context, handler, error });
      if (isPromise(running)) await watch.watch(`${adapter!.constructor.name}.onFailure`, delivery, running);
    } catch {
      // The failure itself is logged already.
    }
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

import type { Logger } from '@nestjs/common';

import type { MaestranoNotificationAdapter } from '../../adapters/maestrano-notification.adapter.js';
import type { ConnecNotificationContext } from '../../interfaces/connec-notification.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { errorPlace } from '../../utils/error-place.js';
import { isPromiseLike } from '../../utils/promise-like.js';
import { type ConnecDelivery, deliveryKey } from './connec-delivery.js';
import type { RegisteredHandler } from './connec-handler.registry.js';
import type { DeliveryClaim, DeliveryLedger } from './delivery-ledger.js';
import type { ConnecNotificationCounters } from './notification-stats.js';

/** What became of a notification. */
export interface NotificationReport {
  /** Entities whose handlers threw. */
  readonly failed: readonly ConnecDelivery[];
  /** Entities whose record is being handled elsewhere right now. */
  readonly busy: readonly ConnecDelivery[];
  /** What the first failed handler threw. */
  readonly error: unknown;
}

/** What a handler is told; dates and keys are made when they are read, since most handlers read neither. */
class DeliveryContext implements ConnecNotificationContext {
  constructor(
    readonly marketplace: Marketplace,
    private readonly delivery: ConnecDelivery,
    readonly attempt: number,
  ) {}

  get groupUid(): string {
    return this.delivery.groupUid;
  }

  get resource(): string {
    return this.delivery.resource;
  }

  get recordId(): string | null {
    return this.delivery.recordId;
  }

  get updatedAt(): Date | null {
    return this.delivery.at === null ? null : new Date(this.delivery.at);
  }

  get deliveryKey(): string {
    return deliveryKey(this.marketplace.name, this.delivery);
  }
}

/** Runs the deliveries of one notification through ledger and handlers, and gathers what is left to do. */
export class DeliveryRunner {
  readonly #failed: ConnecDelivery[] = [];
  readonly #busy: ConnecDelivery[] = [];
  #error: unknown = null;

  constructor(
    private readonly marketplace: Marketplace,
    private readonly attempt: number,
    private readonly ledger: DeliveryLedger,
    private readonly counters: ConnecNotificationCounters,
    private readonly logger: Logger,
    private readonly adapter: MaestranoNotificationAdapter | null,
  ) {}

  /** One after the other. Promises are awaited only where there are any: hundreds of needless ones cost a request. */
  async run(
    deliveries: readonly ConnecDelivery[],
    handlersOf: (resource: string) => readonly RegisteredHandler[],
  ): Promise<void> {
    for (const delivery of deliveries) {
      const claimed = this.ledger.claim(this.marketplace.name, delivery);
      const verdict = isPromiseLike(claimed) ? await claimed : claimed;
      if (verdict === 'duplicate') this.counters.add('duplicates');
      else if (verdict === 'stale') this.counters.add('stale');
      else if (verdict === 'busy') {
        this.counters.add('busy');
        this.#busy.push(delivery);
      } else {
        const handled = this.#handle(delivery, verdict, handlersOf(delivery.resource));
        if (handled) await handled;
      }
    }
  }

  report(): NotificationReport {
    return { failed: this.#failed, busy: this.#busy, error: this.#error };
  }

  /** Runs the handlers that have not finished this delivery yet; a promise only when one of them is asynchronous. */
  #handle(
    delivery: ConnecDelivery,
    claim: DeliveryClaim,
    handlers: readonly RegisteredHandler[],
  ): Promise<void> | null {
    const context = new DeliveryContext(this.marketplace, delivery, this.attempt);
    const [handler, second] = handlers;
    if (!handler || second || claim.finished.length > 0)
      return this.#handleAll(delivery, claim, handlers, context);
    try {
      const running = handler.run(delivery.entity, context);
      if (running) return this.#settle(running, delivery, claim, handler, context);
    } catch (error) {
      return this.#fail(delivery, claim, [], [[handler, error]], context);
    }
    return this.#complete(delivery, claim);
  }

  async #settle(
    running: Promise<void>,
    delivery: ConnecDelivery,
    claim: DeliveryClaim,
    handler: RegisteredHandler,
    context: DeliveryContext,
  ): Promise<void> {
    try {
      await running;
    } catch (error) {
      return this.#fail(delivery, claim, [], [[handler, error]], context);
    }
    return this.#complete(delivery, claim) ?? undefined;
  }

  async #handleAll(
    delivery: ConnecDelivery,
    claim: DeliveryClaim,
    handlers: readonly RegisteredHandler[],
    context: DeliveryContext,
  ): Promise<void> {
    const finished = [...claim.finished];
    const failures: [RegisteredHandler, unknown][] = [];
    for (const handler of handlers) {
      if (claim.finished.includes(handler.name)) continue;
      try {
        await handler.run(delivery.entity, context);
        finished.push(handler.name);
      } catch (error) {
        failures.push([handler, error]);
      }
    }
    if (failures.length > 0) return this.#fail(delivery, claim, finished, failures, context);
    return this.#complete(delivery, claim) ?? undefined;
  }

  #complete(delivery: ConnecDelivery, claim: DeliveryClaim): Promise<void> | null {
    this.counters.add('handled');
    const completed = this.ledger.complete(claim);
    if (!isPromiseLike(completed)) return null;
    return completed.then((kept) => {
      if (!kept) {
        this.logger.warn(
          `A ${delivery.resource} entity of "${this.marketplace.name}" took longer than its lease and may be handled again.`,
        );
      }
    });
  }

  async #fail(
    delivery: ConnecDelivery,
    claim: DeliveryClaim,
    finished: readonly string[],
    failures: readonly (readonly [RegisteredHandler, unknown])[],
    context: DeliveryContext,
  ): Promise<void> {
    this.counters.add('failed');
    this.#failed.push(delivery);
    this.#error ??= failures[0]?.[1];
    await this.ledger.release(claim, finished);
    for (const [handler, error] of failures) await this.#tell(handler.name, error, context);
  }

  async #tell(handler: string, error: unknown, context: DeliveryContext): Promise<void> {
    const { resource, groupUid, attempt, marketplace } = context;
    this.logger.error(
      `${handler} failed for a ${resource} entity of group ${JSON.stringify(groupUid.slice(0, 64))} on "${marketplace.name}" (attempt ${attempt}).`,
      errorPlace(error),
    );
    if (!this.adapter?.onFailure) return;
    const { recordId, updatedAt, deliveryKey: key } = context;
    const known = { marketplace, groupUid, resource, recordId, updatedAt, deliveryKey: key, attempt };
    try {
      await this.adapter.onFailure({ ...known, handler, error });
    } catch {
      // The failure itself is logged and reported already.
    }
  }
}

import type { Logger } from '@nestjs/common';

import type { MaestranoNotificationAdapter } from '../../adapters/maestrano-notification.adapter.js';
import { errorPlace } from '../../utils/error-place.js';
import { isPromiseLike } from '../../utils/promise-like.js';
import type { ConnecDelivery } from './connec-delivery.js';
import type { RegisteredHandler } from './connec-handler.registry.js';
import type { DeliveryClaim, DeliveryLedger, DeliveryVerdict } from './delivery-ledger.js';
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

/**
 * Runs the deliveries of one notification through ledger and handlers, and gathers what is left to do. Promises are
 * made and awaited only where there is something to wait for: hundreds of needless ones cost a request.
 */
export class DeliveryRunner {
  readonly #failed: ConnecDelivery[] = [];
  readonly #busy: ConnecDelivery[] = [];
  #error: unknown = null;
  #resource: string | null = null;
  #handlers: readonly RegisteredHandler[] = [];

  constructor(
    private readonly ledger: DeliveryLedger,
    private readonly handlersOf: (resource: string) => readonly RegisteredHandler[],
    private readonly counts: ConnecNotificationCounters['counts'],
    private readonly logger: Logger,
    private readonly adapter: MaestranoNotificationAdapter | null,
  ) {}

  /** One delivery after the other; a promise when something has to be waited for. */
  run(deliveries: readonly ConnecDelivery[]): Promise<void> | void {
    for (let index = 0; index < deliveries.length; index += 1) {
      const pending = this.#deliver(deliveries[index]!);
      if (pending) return this.#runRest(pending, deliveries, index + 1);
    }
  }

  report(): NotificationReport {
    return { failed: this.#failed, busy: this.#busy, error: this.#error };
  }

  async #runRest(first: Promise<void>, deliveries: readonly ConnecDelivery[], next: number): Promise<void> {
    await first;
    for (let index = next; index < deliveries.length; index += 1) {
      const pending = this.#deliver(deliveries[index]!);
      if (pending) await pending;
    }
  }

  #deliver(delivery: ConnecDelivery): Promise<void> | void {
    const verdict = this.ledger.claim(delivery);
    if (!isPromiseLike(verdict)) return this.#judged(verdict, delivery);
    return verdict.then((late) => this.#judged(late, delivery));
  }

  #judged(verdict: DeliveryVerdict, delivery: ConnecDelivery): Promise<void> | void {
    if (typeof verdict !== 'string') return this.#handle(delivery, verdict, this.#handlersOf(delivery));
    if (verdict === 'duplicate') this.counts.duplicates += 1;
    else if (verdict === 'stale') this.counts.stale += 1;
    else {
      this.counts.busy += 1;
      this.#busy.push(delivery);
    }
  }

  /** Entities come in runs of one resource: the last answer is mostly the next. */
  #handlersOf({ resource }: ConnecDelivery): readonly RegisteredHandler[] {
    if (resource !== this.#resource) {
      this.#handlers = this.handlersOf(resource);
      this.#resource = resource;
    }
    return this.#handlers;
  }

  /** Runs the handlers that have not finished this delivery yet; a promise only when one of them is asynchronous. */
  #handle(
    delivery: ConnecDelivery,
    claim: DeliveryClaim,
    handlers: readonly RegisteredHandler[],
  ): Promise<void> | void {
    const handler = handlers[0];
    if (!handler || handlers.length > 1 || claim.finished.length > 0)
      return this.#handleAll(delivery, claim, handlers);
    try {
      const running = handler.run(delivery.entity, delivery);
      if (running) return this.#settle(running, delivery, claim, handler);
    } catch (error) {
      return this.#fail(delivery, claim, [], [[handler, error]]);
    }
    return this.#complete(delivery, claim);
  }

  async #settle(
    running: Promise<void>,
    delivery: ConnecDelivery,
    claim: DeliveryClaim,
    handler: RegisteredHandler,
  ): Promise<void> {
    try {
      await running;
    } catch (error) {
      return this.#fail(delivery, claim, [], [[handler, error]]);
    }
    return this.#complete(delivery, claim);
  }

  async #handleAll(
    delivery: ConnecDelivery,
    claim: DeliveryClaim,
    handlers: readonly RegisteredHandler[],
  ): Promise<void> {
    const finished = [...claim.finished];
    const failures: [RegisteredHandler, unknown][] = [];
    for (const handler of handlers) {
      if (claim.finished.includes(handler.name)) continue;
      try {
        await handler.run(delivery.entity, delivery);
        finished.push(handler.name);
      } catch (error) {
        failures.push([handler, error]);
      }
    }
    if (failures.length > 0) return this.#fail(delivery, claim, finished, failures);
    return this.#complete(delivery, claim);
  }

  #complete(delivery: ConnecDelivery, claim: DeliveryClaim): Promise<void> | void {
    this.counts.handled += 1;
    const completed = this.ledger.complete(claim, delivery);
    if (!isPromiseLike(completed)) return;
    return completed.then((kept) => {
      if (!kept) {
        this.logger.warn(
          `A ${delivery.resource} entity of "${delivery.marketplace.name}" took longer than its lease and may be handled again.`,
        );
      }
    });
  }

  async #fail(
    delivery: ConnecDelivery,
    claim: DeliveryClaim,
    finished: readonly string[],
    failures: readonly (readonly [RegisteredHandler, unknown])[],
  ): Promise<void> {
    this.counts.failed += 1;
    this.#failed.push(delivery);
    this.#error ??= failures[0]?.[1];
    await this.ledger.release(claim, delivery, finished);
    for (const [handler, error] of failures) await this.#tell(handler.name, error, delivery);
  }

  async #tell(handler: string, error: unknown, delivery: ConnecDelivery): Promise<void> {
    const { resource, groupUid, attempt, marketplace } = delivery;
    this.logger.error(
      `${handler} failed for a ${resource} entity of group ${JSON.stringify(groupUid.slice(0, 64))} on "${marketplace.name}" (attempt ${attempt}).`,
      errorPlace(error),
    );
    if (!this.adapter?.onFailure) return;
    const { recordId, updatedAt, deliveryKey } = delivery;
    const known = { marketplace, groupUid, resource, recordId, updatedAt, deliveryKey, attempt };
    try {
      await this.adapter.onFailure({ ...known, handler, error });
    } catch {
      // The failure itself is logged and reported already.
    }
  }
}

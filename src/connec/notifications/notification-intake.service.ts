import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  Optional,
} from '@nestjs/common';

import { MaestranoConnecError } from '../../errors/connec.error.js';
import type { ConnecNotificationStats } from '../../interfaces/connec-notification.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { ConnecSettings } from '../../settings/maestrano-settings.js';
import { CONNEC_SETTINGS } from '../../settings/settings.providers.js';
import { MarketplaceRegistry } from '../../marketplace/marketplace-registry.js';
import { errorPlace } from '../../utils/error-place.js';
import type { ConnecDelivery } from './connec-delivery.js';
import type { NotificationReport } from './delivery-runner.js';
import { NotificationProcessor } from './notification-processor.js';
import { type QueuedNotification, type QueuedOutcome, NotificationQueue } from './notification-queue.js';
import { type NotificationBody, readNotification } from './notification-reader.js';
import { ConnecNotificationCounters } from './notification-stats.js';

/**
 * Takes notifications (protocol §7): handles them before the response, or hands them to the queue that a module
 * provides. Inject it for its numbers, or to feed it what came another way.
 */
@Injectable()
export class ConnecNotifications implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('MaestranoNotifications');
  readonly #settings: ConnecSettings['notifications'];
  readonly #running = new Set<Promise<unknown>>();
  #closing = false;

  constructor(
    private readonly processor: NotificationProcessor,
    private readonly registry: MarketplaceRegistry,
    private readonly counters: ConnecNotificationCounters,
    @Inject(CONNEC_SETTINGS) { notifications }: ConnecSettings,
    @Optional() private readonly queue?: NotificationQueue,
  ) {
    this.#settings = notifications;
  }

  /** Whether notifications go through a queue. */
  get isQueued(): boolean {
    return this.queue !== undefined;
  }

  /** The numbers of this process. */
  get stats(): ConnecNotificationStats {
    return this.counters.snapshot();
  }

  /**
   * Resolves once the notification may be acknowledged.
   *
   * @throws MaestranoConnecError `connec.notificationMalformed`, `connec.notificationTooLarge`,
   * `connec.notificationUnavailable`, and without a queue `connec.notificationFailed`, `connec.notificationBusy`
   */
  async accept(marketplace: Marketplace, body: unknown): Promise<void> {
    const { counts } = this.counters;
    counts.received += 1;
    if (this.#closing) throw unavailable(marketplace, 'The application is stopping.');
    let resources: NotificationBody;
    try {
      resources = readNotification(body, this.#settings);
    } catch (error) {
      counts.rejected += 1;
      throw error;
    }
    const work = this.queue
      ? this.#enqueue(this.queue, marketplace, resources)
      : this.#handle(marketplace, resources);
    this.#running.add(work);
    await work.finally(() => this.#running.delete(work));
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.queue?.start((notification, attempt) => this.#attempt(notification, attempt));
  }

  /** Takes nothing more, and waits for what was begun. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#closing = true;
    await Promise.allSettled(this.#running);
  }

  async #enqueue(
    queue: NotificationQueue,
    marketplace: Marketplace,
    resources: NotificationBody,
  ): Promise<void> {
    try {
      await queue.add({ marketplace: marketplace.name, receivedAt: new Date().toISOString(), resources });
    } catch (error) {
      this.#logger.error('A notification could not be stored.', errorPlace(error));
      throw unavailable(marketplace, 'The queue did not take the notification.', error);
    }
    this.counters.counts.queued += 1;
  }

  async #handle(marketplace: Marketplace, resources: NotificationBody): Promise<void> {
    let report: NotificationReport;
    try {
      report = await this.processor.process(marketplace, resources, 1);
    } catch (error) {
      this.#logger.error('A notification could not be handled.', errorPlace(error));
      throw unavailable(marketplace, 'The notification could not be handled to its end.', error);
    }
    if (this.#settings.acknowledge !== 'always') throwIfLeft(marketplace, report);
  }

  /** One attempt at what waited in the queue, with the marketplace as it is configured now. */
  async #attempt(notification: QueuedNotification, attempt: number): Promise<QueuedOutcome> {
    const marketplace = this.registry.get(notification.marketplace);
    const report = await this.processor.process(marketplace, notification.resources, attempt);
    const left = [...report.failed, ...report.busy];
    if (left.length === 0) return { remaining: null, error: null };
    const error = report.failed.length > 0 ? failure(marketplace, report) : null;
    return { remaining: toBody(left), error };
  }
}

function toBody(deliveries: readonly ConnecDelivery[]): NotificationBody {
  const body: Record<string, Readonly<Record<string, unknown>>[]> = {};
  for (const { resource, entity } of deliveries) (body[resource] ??= []).push(entity);
  return body;
}

function throwIfLeft(marketplace: Marketplace, report: NotificationReport): void {
  if (report.failed.length > 0) throw failure(marketplace, report);
  if (report.busy.length === 0) return;
  throw new MaestranoConnecError('connec.notificationBusy', {
    message: `${report.busy.length} entities are being handled by another instance.`,
    marketplace: marketplace.name,
    remedy: 'Nothing needs doing when the platform repeats the notification.',
  });
}

function failure(marketplace: Marketplace, { failed, error }: NotificationReport): MaestranoConnecError {
  const resources = [...new Set(failed.map(({ resource }) => resource))].slice(0, 10).join(', ');
  return new MaestranoConnecError('connec.notificationFailed', {
    message: `The handlers of ${failed.length} entities failed (${resources}).`,
    marketplace: marketplace.name,
    remedy: 'The log has the error of each handler.',
    cause: error,
  });
}

function unavailable(marketplace: Marketplace, why: string, cause?: unknown): MaestranoConnecError {
  return new MaestranoConnecError('connec.notificationUnavailable', {
    message: `Notifications cannot be taken right now. ${why}`,
    marketplace: marketplace.name,
    remedy: 'Check the store and the queue; the platform may repeat the notification.',
    cause,
  });
}

import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  Optional,
} from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';

import { MaestranoConnecError } from '../../errors/connec.error.js';
import type { ConnecNotificationStats } from '../../interfaces/connec-notification.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { ConnecSettings } from '../../settings/maestrano-settings.js';
import { CONNEC_SETTINGS } from '../../settings/settings.providers.js';
import { ShutdownClock } from '../../settings/shutdown-clock.service.js';
import { DeletedGroupsService, type GroupWork } from '../../stores/deleted-groups.service.js';
import { MarketplaceRegistry } from '../../marketplace/marketplace-registry.js';
import { errorOrigin, errorPlace } from '../../utils/error-place.js';
import { count } from '../../views/format.js';
import type { ConnecDelivery } from './connec-delivery.js';
import { DeadLetterSeal } from './dead-letter-seal.service.js';
import type { NotificationReport } from './delivery-runner.js';
import { GroupAdmissionService } from './group-admission.service.js';
import { listed, shown } from './handler-watch.js';
import { NotificationProcessor } from './notification-processor.js';
import { type QueuedNotification, type QueuedOutcome, NotificationQueue } from './notification-queue.js';
import { type NotificationBody, readNotification } from './notification-reader.js';
import { ConnecNotificationCounters } from './notification-stats.js';

/** Parts of the time to shut down: until then running handlers may end by themselves, until then through their signal. */
const DRAIN_PART = 0.8;
const SIGNAL_PART = 0.9;

/**
 * Takes notifications (protocol §7): handles them before the response, or hands them to the queue that a module
 * provides. Inject it for its numbers, or to feed it what came another way.
 */
@Injectable()
export class ConnecNotifications implements GroupWork, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('MaestranoNotifications');
  readonly #settings: ConnecSettings['notifications'];
  readonly #running = new Set<Promise<unknown>>();
  #closing = false;

  constructor(
    private readonly processor: NotificationProcessor,
    private readonly registry: MarketplaceRegistry,
    private readonly counters: ConnecNotificationCounters,
    private readonly groups: GroupAdmissionService,
    private readonly shutdown: ShutdownClock,
    deletedGroups: DeletedGroupsService,
    private readonly seal: DeadLetterSeal,
    @Inject(CONNEC_SETTINGS) { notifications }: ConnecSettings,
    @Optional() private readonly queue?: NotificationQueue,
  ) {
    this.#settings = notifications;
    deletedGroups.register(this);
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
    this.counters.arrived(marketplace.name);
    if (this.#closing) throw unavailable(marketplace, 'The application is stopping.');
    let resources: NotificationBody;
    try {
      resources = readNotification(body, this.#settings, (resource) => this.processor.handles(resource));
    } catch (error) {
      counts.rejected += 1;
      throw error;
    }
    const work = this.queue
      ? this.#enqueue(this.queue, marketplace, resources)
      : this.#handle(marketplace, resources);
    await this.#track(work);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.queue?.start((notification, ...attempt) =>
      this.#track(this.#attempt(notification, ...attempt)),
    );
  }

  /** Removes what waits in the queue for a group that cancelled, dead letters included. */
  async discard(marketplace: string, groupUid: string): Promise<void> {
    const removed = await this.queue?.removeGroup(marketplace, groupUid, this.#settings.deletionWaitMs);
    if (!removed) return;
    this.#logger.log(
      `${count(removed, 'entity', 'entities')} of group ${shown(groupUid)} on "${marketplace}", which was deleted, left the queue.`,
    );
  }

  /**
   * Takes nothing more, and waits for what was begun: first for handlers to end, then for those that are asked to, and
   * in the end no longer. What was not handled then is repeated by the platform, or by whoever works on the queue.
   */
  async beforeApplicationShutdown(): Promise<void> {
    this.#closing = true;
    const stopped = this.queue?.stop(this.shutdown.remainingMs());
    if (!(await this.#drained(DRAIN_PART))) {
      this.groups.stopAll();
      this.groups.watch.stopAll(new MaestranoConnecError('connec.stopping', { remedy: 'End soon.' }));
      if (!(await this.#drained(SIGNAL_PART))) this.#abandon();
      await this.#drained(1);
    }
    await stopped;
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  /** Whether everything that was begun ends before that part of the time to shut down is over. */
  async #drained(part: number): Promise<boolean> {
    const timer = new AbortController();
    const { signal } = timer;
    const late = pause(this.shutdown.remainingMs(part), false, { signal }).catch(() => false);
    const ended = Promise.allSettled(this.#running).then(() => true);
    const isDrained = await Promise.race([ended, late]);
    timer.abort();
    return isDrained;
  }

  #abandon(): void {
    const abandoned = this.groups.watch.abandonAll(
      (handler) =>
        new MaestranoConnecError('connec.handlerTimeout', {
          message: `${handler} did not end before the application had to.`,
          remedy: 'Let it end when its signal is aborted, or raise shutdownTimeoutMs.',
        }),
    );
    if (abandoned.length === 0) return;
    this.#logger.warn(`The application stops although handlers still run: ${listed(abandoned)}.`);
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
    if (this.#closing && report.busy.length > 0)
      throw unavailable(marketplace, 'The application is stopping.');
    if (this.#settings.acknowledge !== 'always') throwIfLeft(marketplace, report);
  }

  /**
   * One attempt at what waited in the queue, with the marketplace as it is configured now. What the last one leaves is sealed
   * where there is a secret for that; opened again when it is sent again.
   */
  async #attempt(
    notification: QueuedNotification,
    attempt: number,
    attempts?: number,
  ): Promise<QueuedOutcome> {
    const { marketplace: name, resources, receivedAt } = notification;
    if (this.#closing) return { remaining: resources, error: null };
    const isLast = attempts === undefined || attempt >= attempts;
    const leave = (remaining: NotificationBody): NotificationBody =>
      isLast ? this.seal.seal(name, remaining) : remaining;
    try {
      const marketplace = this.registry.get(name);
      const open = this.seal.open(name, resources);
      const report = await this.processor.process(marketplace, open, attempt, receivedAt);
      const left = [...report.failed, ...report.busy];
      if (left.length === 0) return { remaining: null, error: null };
      const done = this.seal.isOn ? { done: this.seal.seal(name, toBody(report.done)) } : {};
      if (report.failed.length === 0) return { remaining: toBody(left), error: null, ...done };
      return { remaining: leave(toBody(left)), error: failure(marketplace, report), ...done };
    } catch (error) {
      // The store was away, or the marketplace is gone.
      if (!isLast || !this.seal.isOn || !(error instanceof Error)) throw error;
      return { remaining: leave(resources), error };
    }
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
    message: `Another instance is handling entities of it (${report.busy.length} in all).`,
    marketplace: marketplace.name,
    remedy: 'Nothing needs doing when the platform repeats the notification.',
  });
}

function failure(marketplace: Marketplace, { failed, error }: NotificationReport): MaestranoConnecError {
  const resources = [...new Set(failed.map(({ resource }) => resource))].slice(0, 10).join(', ');
  return new MaestranoConnecError('connec.notificationFailed', {
    // One text for one and for several: dead letters are grouped by it.
    message: `The handlers of ${resources} failed (${failed.length} in all): ${errorOrigin(error)}.`,
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

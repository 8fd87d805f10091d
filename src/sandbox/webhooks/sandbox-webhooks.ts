import { Injectable } from '@nestjs/common';

import { SandboxError } from '../../errors/sandbox.error.js';
import { milliseconds, type SandboxDuration } from '../clock/duration.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { SandboxState } from '../state/sandbox-state.js';
import { ConnecChanges, type ChangeManner } from './connec-changes.js';
import type { Delivery, DeliveryOptions } from './delivery.js';
import { groupDeletion, memberRemoval, notification } from './parcels.js';
import { PlannedDeliveries, type PlannedDelivery } from './planned-deliveries.js';
import { WebhookSender } from './webhook-sender.js';

/** Options of a webhook that also changes the sandbox's own state. */
export interface EventOptions extends DeliveryOptions {
  /** Leave the sandbox's own data alone: for ids that do not exist, and repeated deliveries. Default false. */
  readonly onlySend?: boolean;
}

/** What the marketplace reports to the application (protocol §6, §7). */
@Injectable()
export class SandboxWebhooks {
  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly sender: WebhookSender,
    private readonly changes: ConnecChanges,
    private readonly plans: PlannedDeliveries,
  ) {}

  get deliveries(): readonly Delivery[] {
    return this.sender.deliveries;
  }

  /**
   * A customer cancels the application: its URL is called, then the group ends (protocol §6.1). Until the application
   * has responded to it can still be charged, for the last bill the documentation speaks of.
   */
  async deleteGroup(groupUid: string, options: EventOptions = {}): Promise<Delivery[]> {
    const { name, paths } = this.marketplaces.getOrFirst(options.marketplace);
    const deliveries = await this.sender.deliver(groupDeletion(paths, groupUid), options);
    const group = this.state.group(name, groupUid);
    if (group && !options.onlySend) {
      group.status = 'terminated';
      group.updatedAt = this.clock.iso();
    }
    return deliveries;
  }

  /** A person is taken out of a group: the membership ends, and its URL is called (protocol §6.1). */
  deleteGroupUser(groupUid: string, userUid: string, options: EventOptions = {}): Promise<Delivery[]> {
    const { name, paths } = this.marketplaces.getOrFirst(options.marketplace);
    if (!options.onlySend) this.state.removeMembership(name, userUid, groupUid);
    return this.sender.deliver(memberRemoval(paths, groupUid, userUid), options);
  }

  /**
   * Connec! notifies of entities: resource to entities, as they are to arrive (protocol §7.1). Several groups and
   * resources may be mixed. Subscriptions are not asked: what is given is sent.
   */
  notify(entities: Readonly<Record<string, unknown>>, options: DeliveryOptions = {}): Promise<Delivery[]> {
    const { paths } = this.marketplaces.getOrFirst(options.marketplace);
    return this.sender.deliver(notification(paths, entities), options);
  }

  /** Several notifications in the opposite order of their making. */
  async notifyReordered(
    notifications: readonly Readonly<Record<string, unknown>>[],
    options: DeliveryOptions = {},
  ): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    for (const entities of notifications.toReversed())
      deliveries.push(...(await this.notify(entities, options)));
    return deliveries;
  }

  /**
   * The marketplace has started a hosted application, which now fetches what it missed. Method and body are
   * documented nowhere; an empty POST is sent (protocol §7.4).
   *
   * @throws SandboxError `sandbox.unknown` when the marketplace has no initialization path
   */
  initialize(options: DeliveryOptions = {}): Promise<Delivery[]> {
    const { name, paths } = this.marketplaces.getOrFirst(options.marketplace);
    if (paths.initialization === null) {
      throw new SandboxError('sandbox.unknown', {
        message: `${name} has no initialization path.`,
        remedy: 'Set it with marketplaces.edit().',
      });
    }
    return this.sender.deliver(
      { kind: 'initialization', method: 'POST', path: paths.initialization },
      options,
    );
  }

  /** Subscribes a marketplace's application to resources; from now on changes in Connec! are notified. */
  subscribe(resources: readonly string[], options: { readonly marketplace?: string } = {}): void {
    const { name } = this.marketplaces.getOrFirst(options.marketplace);
    this.marketplaces.edit(name, { subscriptions: Object.fromEntries(resources.map((one) => [one, true])) });
  }

  /**
   * How notifications of changes are delivered from now on: `{ times: 2 }` repeats each, `{ delayMs: [0, 300] }` lets
   * them overtake each other, `{}` delivers as usual again.
   */
  deliverChanges(manner: ChangeManner): void {
    this.changes.manner = manner;
  }

  /**
   * Has what fails sent again by itself, so long after each attempt by the sandbox's clock: `['1m', '5m', '30m']` makes four
   * attempts at most. An empty list, as at the beginning, sends nothing again.
   */
  retryFailures(after: readonly SandboxDuration[]): void {
    this.sender.retries = after.map((one) => milliseconds(one));
  }

  /** What will be attempted by itself: repeats of what failed, and of what is sent one after another. */
  get planned(): readonly PlannedDelivery[] {
    return this.plans.list();
  }

  /**
   * The marketplace asks for the state of a company's synchronization, starts it, or turns it on or off (protocol §10).
   *
   * @param fullSync of a start: everything again, not only what changed.
   */
  synchronization(
    act: 'status' | 'start' | 'toggle',
    groupUid: string,
    { fullSync = false, ...options }: DeliveryOptions & { readonly fullSync?: boolean } = {},
  ): Promise<Delivery[]> {
    const { paths } = this.marketplaces.getOrFirst(options.marketplace);
    const kind = 'synchronization';
    if (act === 'status') {
      const path = paths.synchronizationStatus.replace(/:[\w-]+/, encodeURIComponent(groupUid));
      return this.sender.deliver({ kind, method: 'GET', path }, options);
    }
    const form = { group_id: groupUid, ...(fullSync ? { 'opts[full_sync]': 'true' } : {}) };
    return this.sender.deliver(
      act === 'start'
        ? { kind, method: 'POST', path: paths.synchronizationStart, form }
        : { kind, method: 'PUT', path: paths.synchronizationToggle, form },
      options,
    );
  }

  /** Sends a logged delivery once more, as it was. */
  resend(id: string): Promise<Delivery> {
    return this.sender.resend(id);
  }

  /** A logged delivery as a command line, credentials included. */
  curl(id: string): string {
    return this.sender.curl(id);
  }

  /** Resolves when no notification is under way any more. */
  idle(): Promise<void> {
    return this.sender.idle();
  }

  /** Forgets the log of deliveries, what is planned, and how changes and failures were to be delivered. */
  clear(): void {
    this.changes.manner = {};
    this.sender.clear();
  }
}

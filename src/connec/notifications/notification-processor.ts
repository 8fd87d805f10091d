import { Inject, Injectable, Logger } from '@nestjs/common';

import { AdapterResolver } from '../../adapters/adapter-resolver.js';
import { MaestranoNotificationAdapter } from '../../adapters/maestrano-notification.adapter.js';
import type { ConnecOptions } from '../../interfaces/connec-options.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { MAESTRANO_OPTIONS } from '../../maestrano.constants.js';
import { DeletedGroupsService } from '../../stores/deleted-groups.service.js';
import { resolveConnecSettings } from '../connec-settings.js';
import { type ConnecDelivery, toDelivery } from './connec-delivery.js';
import { DeliveryLedger } from './delivery-ledger.js';
import { ConnecHandlerRegistry, type RegisteredHandler } from './connec-handler.registry.js';
import { DeliveryRunner, type NotificationReport } from './delivery-runner.js';
import type { NotificationBody } from './notification-reader.js';
import { ConnecNotificationCounters } from './notification-stats.js';

/** What is left to do for one group. */
interface GroupWork {
  readonly groupUid: string;
  readonly deliveries: ConnecDelivery[];
}

/**
 * Hands the entities of a notification to their handlers: one group after the other's order, several groups at the
 * same time, each entity through the ledger (protocol §7.1, §7.2). Never throws for what a handler did.
 */
@Injectable()
export class NotificationProcessor {
  readonly #logger = new Logger('MaestranoNotifications');
  readonly #concurrency: number;
  readonly #identity: 'version' | 'content';

  constructor(
    private readonly handlers: ConnecHandlerRegistry,
    private readonly ledger: DeliveryLedger,
    private readonly deletedGroups: DeletedGroupsService,
    private readonly adapters: AdapterResolver,
    private readonly counters: ConnecNotificationCounters,
    @Inject(MAESTRANO_OPTIONS) options: { readonly connec?: ConnecOptions },
  ) {
    const { concurrency, identity } = resolveConnecSettings(options.connec).notifications;
    this.#concurrency = concurrency;
    this.#identity = identity;
  }

  async process(
    marketplace: Marketplace,
    body: NotificationBody,
    attempt: number,
  ): Promise<NotificationReport> {
    let adapter = this.adapters.known(MaestranoNotificationAdapter);
    if (adapter === undefined) adapter = await this.adapters.optional(MaestranoNotificationAdapter, {});
    const groups = this.#byGroup(body, adapter?.handle !== undefined);
    const runner = new DeliveryRunner(
      marketplace,
      attempt,
      this.ledger,
      this.counters,
      this.#logger,
      adapter,
    );
    const { name } = marketplace;
    const handlersOf = (resource: string): readonly RegisteredHandler[] =>
      this.#handlersOf(resource, adapter);
    const pending = groups.values();
    const lane = async (): Promise<void> => {
      // One after the other is the point: within a lane, groups wait for each other.
      for (const { groupUid, deliveries } of pending) {
        if ((await this.deletedGroups.deletedAt(name, groupUid)) !== null) {
          this.counters.add('deletedGroup', deliveries.length);
        } else if (
          adapter?.knowsGroup &&
          !(await adapter.knowsGroup({ marketplace: name, groupUid }, marketplace))
        ) {
          this.counters.add('unknownGroup', deliveries.length);
        } else await runner.run(deliveries, handlersOf);
      }
    };
    const lanes = Math.min(this.#concurrency, groups.size);
    // Nearly every notification is of one group, and needs no lanes.
    if (lanes <= 1) await lane();
    else await Promise.all(Array.from({ length: lanes }, lane));
    return runner.report();
  }

  /** Entities by group, in the order they came; what nobody takes is counted and left out. */
  #byGroup(body: NotificationBody, takesAll: boolean): Map<string, GroupWork> {
    const groups = new Map<string, GroupWork>();
    for (const [resource, entities] of Object.entries(body)) {
      if (!takesAll && this.handlers.of(resource).length === 0) {
        this.counters.add('unknownResource', entities.length);
        continue;
      }
      for (const entity of entities) {
        const groupUid = entity.group_id;
        if (typeof groupUid !== 'string' || groupUid === '') {
          this.counters.add('unknownGroup');
          continue;
        }
        let work = groups.get(groupUid);
        if (!work) groups.set(groupUid, (work = { groupUid, deliveries: [] }));
        work.deliveries.push(toDelivery(resource, work.groupUid, entity, this.#identity));
      }
    }
    return groups;
  }

  #handlersOf(resource: string, adapter: MaestranoNotificationAdapter | null): readonly RegisteredHandler[] {
    const handlers = this.handlers.of(resource);
    if (!adapter?.handle) return handlers;
    const run = adapter.handle.bind(adapter);
    return [...handlers, { name: adapter.constructor.name, run }];
  }
}

import { Inject, Injectable, Logger } from '@nestjs/common';

import { AdapterResolver } from '../../adapters/adapter-resolver.js';
import { MaestranoNotificationAdapter } from '../../adapters/maestrano-notification.adapter.js';
import type { ConnecOptions } from '../../interfaces/connec-options.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { MAESTRANO_OPTIONS } from '../../maestrano.constants.js';
import { DeletedGroupsService } from '../../stores/deleted-groups.service.js';
import { type Awaitable, whenThere } from '../../utils/promise-like.js';
import { resolveConnecSettings } from '../connec-settings.js';
import { type ConnecDelivery, type DeliverySource, toDelivery } from './connec-delivery.js';
import { DeliveryLedger } from './delivery-ledger.js';
import { ConnecHandlerRegistry, type RegisteredHandler } from './connec-handler.registry.js';
import { DeliveryRunner, type NotificationReport } from './delivery-runner.js';
import type { NotificationBody } from './notification-reader.js';
import { ConnecNotificationCounters } from './notification-stats.js';

/** The deliveries of each group, in the order they came. */
type Groups = ReadonlyMap<string, readonly ConnecDelivery[]>;

/**
 * Hands the entities of a notification to their handlers: one group after the other's order, several groups at the
 * same time, each entity through the ledger (protocol §7.1, §7.2). Never throws for what a handler did. Answers at
 * once where nothing has to be waited for.
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

  process(marketplace: Marketplace, body: NotificationBody, attempt: number): Awaitable<NotificationReport> {
    const source = { marketplace, attempt, identity: this.#identity };
    const known = this.adapters.known(MaestranoNotificationAdapter);
    const adapter = known === undefined ? this.adapters.optional(MaestranoNotificationAdapter, {}) : known;
    return whenThere(adapter, (found) => this.#process(source, body, found));
  }

  #process(
    source: DeliverySource,
    body: NotificationBody,
    adapter: MaestranoNotificationAdapter | null,
  ): Awaitable<NotificationReport> {
    const groups = this.#byGroup(source, body, adapter?.handle !== undefined);
    const runner = new DeliveryRunner(
      this.ledger,
      (resource) => this.#handlersOf(resource, adapter),
      this.counters.counts,
      this.#logger,
      adapter,
    );
    const running = this.#runAll(groups, (groupUid, deliveries) =>
      whenThere(this.#admit(source.marketplace, groupUid, deliveries.length, adapter), (admitted) =>
        admitted ? runner.run(deliveries) : undefined,
      ),
    );
    return whenThere(running, () => runner.report());
  }

  /** Entities by group, in the order they came; what nobody takes is counted and left out. */
  #byGroup(source: DeliverySource, body: NotificationBody, takesAll: boolean): Groups {
    const { counts } = this.counters;
    const groups = new Map<string, ConnecDelivery[]>();
    let lastUid: string | null = null;
    let last: ConnecDelivery[] = [];
    for (const [resource, entities] of Object.entries(body)) {
      if (!takesAll && this.handlers.of(resource).length === 0) {
        counts.unknownResource += entities.length;
        continue;
      }
      for (const entity of entities) {
        const groupUid = entity.group_id;
        if (typeof groupUid !== 'string' || groupUid === '') {
          counts.unknownGroup += 1;
          continue;
        }
        // Nearly always the group of the entity before.
        if (groupUid !== lastUid) {
          lastUid = groupUid;
          last = groups.get(groupUid) ?? [];
          if (last.length === 0) groups.set(groupUid, last);
        }
        last.push(toDelivery(source, groupUid, resource, entity));
      }
    }
    return groups;
  }

  /** Nearly every notification is of one group, and needs no lanes. */
  #runAll(
    groups: Groups,
    runGroup: (groupUid: string, deliveries: readonly ConnecDelivery[]) => Awaitable<void>,
  ): Awaitable<unknown> {
    const pending = groups.entries();
    if (groups.size <= 1) {
      for (const [groupUid, deliveries] of pending) return runGroup(groupUid, deliveries);
      return undefined;
    }
    const lane = async (): Promise<void> => {
      // One after the other is the point: within a lane, groups wait for each other.
      for (const [groupUid, deliveries] of pending) await runGroup(groupUid, deliveries);
    };
    return Promise.all(Array.from({ length: Math.min(this.#concurrency, groups.size) }, lane));
  }

  /** Whether the group is a customer; its entities are counted where it is not. */
  #admit(
    marketplace: Marketplace,
    groupUid: string,
    entities: number,
    adapter: MaestranoNotificationAdapter | null,
  ): Awaitable<boolean> {
    const { counts } = this.counters;
    return whenThere(this.deletedGroups.isDeleted(marketplace.name, groupUid), (deleted) => {
      if (deleted) {
        counts.deletedGroup += entities;
        return false;
      }
      if (!adapter?.knowsGroup) return true;
      return whenThere(
        adapter.knowsGroup({ marketplace: marketplace.name, groupUid }, marketplace),
        (known) => {
          if (!known) counts.unknownGroup += entities;
          return known;
        },
      );
    });
  }

  #handlersOf(resource: string, adapter: MaestranoNotificationAdapter | null): readonly RegisteredHandler[] {
    const handlers = this.handlers.of(resource);
    if (!adapter?.handle) return handlers;
    const run = adapter.handle.bind(adapter);
    return [...handlers, { name: adapter.constructor.name, run }];
  }
}

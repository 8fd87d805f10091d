import { Inject, Injectable, Logger } from '@nestjs/common';

import { AdapterResolver } from '../../adapters/adapter-resolver.js';
import { MaestranoNotificationAdapter } from '../../adapters/maestrano-notification.adapter.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { ConnecSettings } from '../../settings/maestrano-settings.js';
import { CONNEC_SETTINGS } from '../../settings/settings.providers.js';
import { MAX_IDENTIFIER_LENGTH } from '../../utils/platform-identifier.js';
import { MaestranoStore } from '../../stores/maestrano-store.js';
import { transactional, type TransactionalStore } from '../../stores/transactional-store.js';
import { ConnecDelivery, DeliveryRecords, type DeliverySource } from './connec-delivery.js';
import { DeliveryLedger } from './delivery-ledger.js';
import { ConnecHandlerRegistry, type RegisteredHandler } from './connec-handler.registry.js';
import { type DeliveriesByGroup, DeliveryRunner, type NotificationReport } from './delivery-runner.js';
import { GroupAdmissionService } from './group-admission.service.js';
import { HandlerCaller } from './handler-caller.js';
import type { NotificationBody } from './notification-reader.js';
import { ConnecNotificationCounters } from './notification-stats.js';

/** How long to wait for records that another instance is handling before they are reported as busy, in milliseconds. */
const PATIENCE_MS = 5_000;

/**
 * Hands the entities of a notification to their handlers: one group after the other's order, several groups at the
 * same time, each entity through the ledger (protocol §7.1, §7.2). Never throws for what a handler did.
 */
@Injectable()
export class NotificationProcessor {
  readonly #logger = new Logger('MaestranoNotifications');
  readonly #concurrency: number;
  readonly #identity: 'version' | 'content';
  readonly #store: TransactionalStore | null;

  constructor(
    private readonly handlers: ConnecHandlerRegistry,
    private readonly ledger: DeliveryLedger,
    private readonly groups: GroupAdmissionService,
    private readonly adapters: AdapterResolver,
    private readonly counters: ConnecNotificationCounters,
    @Inject(CONNEC_SETTINGS) { notifications }: ConnecSettings,
    store: MaestranoStore,
  ) {
    const { concurrency, identity } = notifications;
    this.#concurrency = concurrency;
    this.#identity = identity;
    this.#store = transactional(store);
  }

  /** Whether a handler waits for the resource. */
  handles(resource: string): boolean {
    return this.handlers.of(resource).length > 0;
  }

  /** Rejects with what the store or `knowsGroup` of the adapter failed with. */
  async process(
    marketplace: Marketplace,
    body: NotificationBody,
    attempt: number,
    receivedAt = new Date().toISOString(),
  ): Promise<NotificationReport> {
    const adapter = await this.adapters.optional(MaestranoNotificationAdapter, {});
    const source = { marketplace, attempt, receivedAt, identity: this.#identity };
    const { counts } = this.counters;
    const { watch } = this.groups;
    const admission = this.groups.open(marketplace.name);
    const handlers = new HandlerCaller({
      handlersOf: (resource) => this.#handlersOf(resource, adapter),
      adapter,
      admission,
      watch,
      logger: this.#logger,
      counts,
      within: this.#store && ((step, work) => this.ledger.within(this.#store!, step, work)),
    });
    const runner = new DeliveryRunner({
      ledger: this.ledger,
      handlers,
      counters: this.counters,
      logger: this.#logger,
      concurrency: this.#concurrency,
      patienceMs: PATIENCE_MS,
      admission,
      knowsGroup: this.#knownBy(adapter, marketplace),
    });
    try {
      return await runner.run(this.#byGroup(source, body, adapter?.handle !== undefined));
    } finally {
      admission.close();
    }
  }

  #knownBy(
    adapter: MaestranoNotificationAdapter | null,
    marketplace: Marketplace,
  ): ((groupUid: string) => Promise<boolean>) | null {
    if (!adapter?.knowsGroup) return null;
    return async (groupUid) => {
      const knows = adapter.knowsGroup?.({ marketplace: marketplace.name, groupUid }, marketplace) ?? true;
      if (typeof knows === 'boolean') return knows;
      const subject = { marketplace, groupUid, resource: '', stop: () => undefined };
      const name = `${adapter.constructor.name}.knowsGroup`;
      return (await this.groups.watch.watch(name, subject, knows)) === true;
    };
  }

  /** Entities by group, in the order they came; what nobody takes is counted and left out. */
  #byGroup(source: DeliverySource, body: NotificationBody, takesAll: boolean): DeliveriesByGroup {
    const { counts } = this.counters;
    const groups = new Map<string, ConnecDelivery[]>();
    for (const [resource, entities] of Object.entries(body)) {
      if (!takesAll && this.handlers.of(resource).length === 0) {
        counts.unknownResource += entities.length;
        continue;
      }
      const records = new Map<string, DeliveryRecords>();
      for (const entity of entities) {
        const groupUid = entity.group_id;
        if (typeof groupUid !== 'string' || groupUid === '' || groupUid.length > MAX_IDENTIFIER_LENGTH) {
          counts.unknownGroup += 1;
          continue;
        }
        let ofGroup = records.get(groupUid);
        if (!ofGroup) records.set(groupUid, (ofGroup = new DeliveryRecords(source, groupUid, resource)));
        const delivery = new ConnecDelivery(ofGroup, entity);
        const group = groups.get(groupUid);
        if (group) group.push(delivery);
        else groups.set(groupUid, [delivery]);
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

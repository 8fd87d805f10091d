import { Injectable } from '@nestjs/common';

import { ConnecNotifications } from '../../connec/notifications/notification-intake.service.js';
import { MarketplaceRegistry } from '../../marketplace/marketplace-registry.js';
import { count } from '../../views/format.js';
import type { ConsoleAttention, ConsolePage, ConsoleSection } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { DeliveryTraces } from '../deliveries/delivery-traces.service.js';
import { deliveryPage, listPage } from './deliveries-look.js';

/** What came from the marketplaces, one by one, and what became of it. */
@Injectable()
export class DeliveriesSection implements ConsoleSection {
  readonly path = 'deliveries';
  readonly name = 'Deliveries';
  readonly actions = {};

  constructor(
    private readonly traces: DeliveryTraces,
    private readonly notifications: ConnecNotifications,
    private readonly registry: MarketplaceRegistry,
  ) {}

  /** Without a queue nothing else says that deliveries fail; with one, those that no attempt handled are dead letters. */
  async attention(): Promise<readonly ConsoleAttention[]> {
    if (this.notifications.isQueued) return [];
    const failed = (await this.traces.list()).filter(({ result }) => result === 'failed').length;
    if (failed === 0) return [];
    return [
      {
        waiting: 'records',
        tone: 'warn',
        word: 'Deliveries failed',
        title: `${count(failed, 'delivery', 'deliveries')} of the last day failed and ${failed === 1 ? 'was' : 'were'} not handled since`,
        why: 'A handler threw. Without a queue they are handled only when the marketplace sends them again, or with the next change of the record.',
        act: 'Look at them',
        query: { result: 'failed' },
      },
    ];
  }

  async page(view: ConsoleView, name: string): Promise<ConsolePage | null> {
    if (name === 'delivery') {
      const trace = await this.traces.find(view.param('id'));
      return trace && deliveryPage(view, trace, this.notifications.isQueued);
    }
    if (name !== '') return null;
    const [q = '', marketplace = '', resource = '', result = ''] = [
      'q',
      'marketplace',
      'resource',
      'result',
    ].map((param) => view.param(param));
    return listPage(view, {
      all: await this.traces.list(),
      filter: { q, marketplace, resource, result },
      marketplaces: this.registry.list().map(({ name: one }) => one),
      stats: this.notifications.stats,
    });
  }
}

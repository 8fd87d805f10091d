import { Injectable } from '@nestjs/common';

import { ConnecRecords } from '../connec/connec-records.js';
import type { SandboxConnecRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import type { DeliveryOptions } from './delivery.js';
import { WebhookSender } from './webhook-sender.js';

/** How notifications of changes are delivered. */
export type ChangeManner = Omit<DeliveryOptions, 'marketplace'>;

/**
 * Notifies subscribed applications of changes in Connec! (protocol §7.1, §7.5). What changes in one go, such as in a
 * batch, goes out in one notification for each marketplace, groups and resources mixed.
 */
@Injectable()
export class ConnecChanges {
  /** How the next notifications are delivered. */
  manner: ChangeManner = {};
  readonly #changed = new Map<string, Set<SandboxConnecRecord>>();
  #isSilent = false;

  constructor(
    private readonly state: SandboxState,
    private readonly records: ConnecRecords,
    private readonly sender: WebhookSender,
  ) {
    records.onChange((record) => this.#note(record));
  }

  /** Does some work whose changes its caller tells of, so that subscribers do not hear of them twice. */
  unannounced<T>(work: () => T): T {
    this.#isSilent = true;
    try {
      return work();
    } finally {
      this.#isSilent = false;
    }
  }

  #note(record: SandboxConnecRecord): void {
    if (this.#isSilent) return;
    if (!this.state.marketplaces.get(record.marketplace)?.subscriptions[record.resource]) return;
    if (this.#changed.size === 0) queueMicrotask(() => this.#flush());
    const records = this.#changed.get(record.marketplace) ?? new Set();
    this.#changed.set(record.marketplace, records.add(record));
  }

  #flush(): void {
    for (const [name, records] of this.#changed) {
      const marketplace = this.state.marketplaces.get(name);
      if (!marketplace) continue;
      const body: Record<string, unknown[]> = {};
      for (const record of records) {
        (body[record.resource] ??= []).push(this.records.wire(record, marketplace.externalIds));
      }
      const path = marketplace.paths.notification;
      this.sender.deliverLater(
        { kind: 'notification', method: 'POST', path, body },
        { ...this.manner, marketplace: name },
      );
    }
    this.#changed.clear();
  }
}

import { Injectable } from '@nestjs/common';

import { ConnecRecords } from '../connec/connec-records.js';
import type { SandboxConnecRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { WebhookSender } from './webhook-sender.js';

/** Notifies subscribed applications of changes in Connec!, one notification for each change (protocol §7.5). */
@Injectable()
export class ConnecChanges {
  constructor(
    private readonly state: SandboxState,
    private readonly records: ConnecRecords,
    private readonly sender: WebhookSender,
  ) {
    records.onChange((record) => this.#changed(record));
  }

  #changed(record: SandboxConnecRecord): void {
    const marketplace = this.state.marketplaces.get(record.marketplace);
    if (!marketplace?.subscriptions[record.resource]) return;
    this.sender.deliverLater(
      {
        kind: 'notification',
        method: 'POST',
        path: marketplace.paths.notification,
        body: { [record.resource]: [this.records.wire(record, marketplace.externalIds)] },
      },
      { marketplace: record.marketplace },
    );
  }
}

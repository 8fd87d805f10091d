import { Injectable } from '@nestjs/common';

import { ConnecHandler } from '../connec/notifications/connec-handler.decorator.js';
import type { ConnecNotificationContext } from '../interfaces/connec-notification.interface.js';
import { MaestranoSync } from './sync.service.js';

/** Makes a hint of every notified record, and has a run follow. What the notification says of the record is not used. */
@Injectable()
export class NotificationHints {
  constructor(private readonly sync: MaestranoSync) {}

  @ConnecHandler('*')
  async onEntity(_entity: unknown, context: ConnecNotificationContext): Promise<void> {
    const { marketplace, groupUid, resource, recordId } = context;
    const entities = this.sync.entitiesOf(resource);
    if (entities.length === 0 || recordId === null) return;
    const group = { marketplace: marketplace.name, groupUid };
    await this.sync.hint(
      group,
      entities.map((entity) => ({ entity, side: 'connec', recordId, cause: 'notification' })),
    );
    await this.sync.start(group, { only: entities });
  }
}

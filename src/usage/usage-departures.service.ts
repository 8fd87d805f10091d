import { Injectable } from '@nestjs/common';

import { DeletedGroupsService, type GroupWork } from '../stores/deleted-groups.service.js';
import { MaestranoUsage } from './usage.service.js';

/**
 * Closes a company's usage when it cancels the application (usage §5.5): sealed in the store before the webhook is answered, sent
 * for two seconds, whatever comes of that. A store that fails has the webhook repeated.
 */
@Injectable()
export class UsageDepartures implements GroupWork {
  constructor(
    deletedGroups: DeletedGroupsService,
    private readonly usage: MaestranoUsage,
  ) {
    deletedGroups.register(this);
  }

  /** @inheritdoc */
  async stop(marketplace: string, group: string): Promise<void> {
    await this.usage.finish({ marketplace, group });
  }

  /** @inheritdoc */
  async resume(marketplace: string, group: string): Promise<void> {
    await this.usage.returned({ marketplace, group });
  }
}

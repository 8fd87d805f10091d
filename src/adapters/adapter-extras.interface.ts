import type { Type } from '@nestjs/common';

import type { MaestranoGroupAdapter } from './maestrano-group.adapter.js';
import type { MaestranoNotificationAdapter } from './maestrano-notification.adapter.js';
import type { MaestranoSessionAdapter } from './maestrano-session.adapter.js';
import type { MaestranoSynchronizationAdapter } from './maestrano-synchronization.adapter.js';
import type { MaestranoUserAdapter } from './maestrano-user.adapter.js';

/** The adapters that an application names when it registers the module. */
export interface AdapterExtras {
  readonly userAdapter?: Type<MaestranoUserAdapter>;
  readonly groupAdapter?: Type<MaestranoGroupAdapter>;
  /** For applications that sign people in in their own way. */
  readonly sessionAdapter?: Type<MaestranoSessionAdapter>;
  /** Takes Connec! notifications, beside or instead of `@ConnecHandler()` methods (protocol §7). */
  readonly notificationAdapter?: Type<MaestranoNotificationAdapter>;
  /** Turns the synchronization endpoints on (protocol §10). */
  readonly synchronizationAdapter?: Type<MaestranoSynchronizationAdapter>;
}

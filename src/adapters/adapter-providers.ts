import type { Abstract, Provider, Type } from '@nestjs/common';

import type { AdapterExtras } from './adapter-extras.interface.js';
import type { AdapterClasses } from './adapter-resolver.js';
import { MaestranoGroupAdapter } from './maestrano-group.adapter.js';
import { MaestranoNotificationAdapter } from './maestrano-notification.adapter.js';
import { MaestranoSessionAdapter } from './maestrano-session.adapter.js';
import { MaestranoSynchronizationAdapter } from './maestrano-synchronization.adapter.js';
import { MaestranoUserAdapter } from './maestrano-user.adapter.js';

/** The adapters that the extras name, by the abstract class they extend. */
export function adapterClasses(extras: AdapterExtras): AdapterClasses {
  const named: readonly (readonly [Abstract<unknown>, Type | undefined])[] = [
    [MaestranoUserAdapter, extras.userAdapter],
    [MaestranoGroupAdapter, extras.groupAdapter],
    [MaestranoSessionAdapter, extras.sessionAdapter],
    [MaestranoNotificationAdapter, extras.notificationAdapter],
    [MaestranoSynchronizationAdapter, extras.synchronizationAdapter],
  ];
  return new Map(named.flatMap(([adapter, type]) => (type ? [[adapter, type] as const] : [])));
}

/** Each class under its own name, and the abstract class as another name of the same instance. */
export function adapterProviders(classes: AdapterClasses): Provider[] {
  return [...classes].flatMap(([adapter, type]): Provider[] => [
    type,
    { provide: adapter as Type, useExisting: type },
  ]);
}

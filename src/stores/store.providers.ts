import type { Provider } from '@nestjs/common';

import { STORE_SETTING, STORE_TIMEOUT_SETTING } from '../settings/settings.providers.js';
import { DeletedGroupsService } from './deleted-groups.service.js';
import { MaestranoStore } from './maestrano-store.js';
import { MemoryStore } from './memory-store.js';
import { StoreLifecycle } from './store-lifecycle.service.js';
import { StoreWithDeadline } from './store-with-deadline.js';

/** The store of the `store` option, never waited for beyond `storeTimeoutMs`; in memory without one. */
export function storeProviders(): Provider[] {
  return [
    {
      provide: MaestranoStore,
      inject: [STORE_SETTING, STORE_TIMEOUT_SETTING],
      useFactory: (store: MaestranoStore | null, timeoutMs: number) =>
        store === null || isPlainMemory(store)
          ? (store ?? new MemoryStore())
          : new StoreWithDeadline(store, timeoutMs),
    },
    StoreLifecycle,
    DeletedGroupsService,
  ];
}

/** Nothing to wait for, unless a class of the application's extends it. */
function isPlainMemory(store: MaestranoStore): boolean {
  return store.constructor === MemoryStore;
}

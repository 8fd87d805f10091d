import type { Provider } from '@nestjs/common';

import { STORE_SETTING } from '../settings/settings.providers.js';
import { DeletedGroupsService } from './deleted-groups.service.js';
import { MaestranoStore } from './maestrano-store.js';
import { MemoryStore } from './memory-store.js';
import { StoreShutdown } from './store-shutdown.service.js';

/** The store of the `store` option; in memory without one. */
export function storeProviders(): Provider[] {
  return [
    {
      provide: MaestranoStore,
      inject: [STORE_SETTING],
      useFactory: (store: MaestranoStore | null) => store ?? new MemoryStore(),
    },
    StoreShutdown,
    DeletedGroupsService,
  ];
}

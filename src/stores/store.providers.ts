import type { Provider } from '@nestjs/common';

import { MAESTRANO_OPTIONS } from '../maestrano.constants.js';
import { DeletedGroupsService } from './deleted-groups.service.js';
import { MaestranoStore } from './maestrano-store.js';
import { MemoryStore } from './memory-store.js';
import { StoreShutdown } from './store-shutdown.service.js';

/** The store of the `store` option; in memory without one. */
export function storeProviders(): Provider[] {
  return [
    {
      provide: MaestranoStore,
      inject: [MAESTRANO_OPTIONS],
      useFactory: (options: { readonly store?: MaestranoStore }) => options.store ?? new MemoryStore(),
    },
    StoreShutdown,
    DeletedGroupsService,
  ];
}

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { MaestranoStore } from './maestrano-store.js';

/** Closes the store last of all, when work in flight has drained. */
@Injectable()
export class StoreShutdown implements OnApplicationShutdown {
  constructor(private readonly store: MaestranoStore) {}

  onApplicationShutdown(): Promise<void> {
    return this.store.close();
  }
}

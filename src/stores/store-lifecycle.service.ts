import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

import { MaestranoStore } from './maestrano-store.js';

/** Has the store checked when the application starts, and closes it last of all, when work in flight has drained. */
@Injectable()
export class StoreLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(private readonly store: MaestranoStore) {}

  onApplicationBootstrap(): Promise<void> {
    return this.store.check();
  }

  onApplicationShutdown(): Promise<void> {
    return this.store.close();
  }
}

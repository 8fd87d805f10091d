import { Injectable } from '@nestjs/common';

import { AdapterResolver } from '../adapters/adapter-resolver.js';
import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import type { MaestranoSynchronizationAdapter } from '../adapters/maestrano-synchronization.adapter.js';
import type { AdapterContext } from '../interfaces/adapter-context.interface.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { groupUidOf, synchronizationRequestOf } from './synchronization-request.js';
import { SynchronizationHandler } from './synchronization.handler.js';

/** Answers `POST …/synchronizations` (protocol §10.2). */
@Injectable()
export class SynchronizationStartHandler extends SynchronizationHandler {
  protected override readonly success = 201;

  constructor(adapters: AdapterResolver) {
    super(adapters);
  }

  protected override groupUid({ body, query }: HttpExchange): string | null {
    return groupUidOf(body, query);
  }

  protected override ask(
    adapter: MaestranoSynchronizationAdapter,
    group: GroupReference,
    context: AdapterContext,
    { body }: HttpExchange,
  ): ReturnType<MaestranoSynchronizationAdapter['start']> {
    return adapter.start(group, synchronizationRequestOf(body), context);
  }
}

import { Injectable } from '@nestjs/common';

import { AdapterResolver } from '../adapters/adapter-resolver.js';
import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import type { MaestranoSynchronizationAdapter } from '../adapters/maestrano-synchronization.adapter.js';
import type { AdapterContext } from '../interfaces/adapter-context.interface.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { groupUidOf } from './synchronization-request.js';
import { SynchronizationHandler } from './synchronization.handler.js';

/** Answers `PUT …/synchronizations/toggle_sync` (protocol §10.1). */
@Injectable()
export class SynchronizationToggleHandler extends SynchronizationHandler {
  protected override readonly success = 200;

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
  ): ReturnType<MaestranoSynchronizationAdapter['toggle']> {
    return adapter.toggle(group, context);
  }
}

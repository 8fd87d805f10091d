import { Injectable } from '@nestjs/common';

import { AdapterResolver } from '../adapters/adapter-resolver.js';
import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import type { MaestranoSynchronizationAdapter } from '../adapters/maestrano-synchronization.adapter.js';
import type { AdapterContext } from '../interfaces/adapter-context.interface.js';
import type { EndpointCall } from '../routing/endpoint.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { isPlatformIdentifier } from '../utils/platform-identifier.js';
import { SynchronizationHandler } from './synchronization.handler.js';

/** Answers `GET …/synchronizations/:cld-uid` (protocol §10.1). */
@Injectable()
export class SynchronizationStatusHandler extends SynchronizationHandler {
  protected override readonly success = 200;

  constructor(adapters: AdapterResolver) {
    super(adapters);
  }

  /** Marketplaces call the placeholder `:cld-uid` or `:id`; a template has only one. */
  protected override groupUid(_exchange: HttpExchange, { params }: EndpointCall): string | null {
    const value = params['cld-uid'] ?? params.id ?? Object.values(params)[0];
    return isPlatformIdentifier(value) ? value : null;
  }

  protected override ask(
    adapter: MaestranoSynchronizationAdapter,
    group: GroupReference,
    context: AdapterContext,
  ): ReturnType<MaestranoSynchronizationAdapter['status']> {
    return adapter.status(group, context);
  }
}

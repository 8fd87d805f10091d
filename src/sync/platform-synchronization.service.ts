import { Injectable } from '@nestjs/common';

import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import {
  MaestranoSynchronizationAdapter,
  type SynchronizationRequest,
  type SynchronizationState,
} from '../adapters/maestrano-synchronization.adapter.js';
import { MaestranoSync } from './sync.service.js';

/** What the platform asks of a synchronization (protocol §10), answered by the engine. */
@Injectable()
export class PlatformSynchronization extends MaestranoSynchronizationAdapter {
  constructor(private readonly sync: MaestranoSync) {
    super();
  }

  async start(group: GroupReference, request: SynchronizationRequest): Promise<SynchronizationState> {
    const { fullSync, onlyEntities, connecPreemption, forced } = request;
    const state = await this.status(group);
    if (!state.enabled || state.status === 'RUNNING' || state.status === 'ENQUEUED') return state;
    await this.sync.start(group, {
      full: fullSync || forced,
      ...(onlyEntities ? { only: this.#known(onlyEntities) } : {}),
      ...(connecPreemption === null
        ? {}
        : { preemption: connecPreemption ? ('connec' as const) : ('app' as const) }),
    });
    return { ...state, status: 'ENQUEUED' };
  }

  async toggle(group: GroupReference): Promise<SynchronizationState> {
    await this.sync.toggle(group);
    return this.status(group);
  }

  async status(group: GroupReference): Promise<SynchronizationState> {
    const { enabled, run } = await this.sync.status(group);
    if (run === null) return { enabled, status: 'DISABLED' };
    const updatedAt = new Date(run.endedAt ?? run.startedAt);
    return { enabled, status: run.status, message: run.message, updatedAt };
  }

  /** The platform names entities as connectors did: in the singular or the plural. */
  #known(names: readonly string[]): readonly string[] {
    const wanted = new Set(names.map((name) => name.toLowerCase()));
    return this.sync.entities.filter((name) => wanted.has(name) || wanted.has(name.replace(/s$/u, '')));
  }
}

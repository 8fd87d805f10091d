import { setTimeout as wait } from 'node:timers/promises';

import type { GroupSides, SyncEngine } from './engine/sync-engine.js';
import type { SyncStore } from './store/sync-store.js';

/** Times a run under way is looked for before a switch is answered, and the milliseconds between. */
const SETTLE_TRIES = 40;
const SETTLE_PAUSE = 250;

/** Longest wait for a run that is to end, in milliseconds. */
export const SETTLE_MS = SETTLE_TRIES * SETTLE_PAUSE;

/**
 * An operator's switches of a group: paused entities, on and off. Each is decided where it is written, so that of two callers at the
 * same moment neither undoes the other; and none resolves before a run that was under way has seen it.
 */
export class GroupSwitches {
  constructor(
    private readonly store: SyncStore,
    private readonly engine: SyncEngine,
  ) {}

  async pause(sides: GroupSides, entities: readonly string[]): Promise<void> {
    const added = Object.fromEntries(entities.map((name) => [name, Date.now()]));
    await this.store.setGroup(sides.scope, ({ paused }) => ({ paused: { ...added, ...paused } }));
    await this.#settled(sides);
  }

  /** @param entity null for all of them */
  async resume({ scope }: Pick<GroupSides, 'scope'>, entity: string | null): Promise<void> {
    await this.store.setGroup(scope, ({ paused }) => {
      const left = Object.entries(paused).filter(([name]) => entity !== null && name !== entity);
      return { paused: Object.fromEntries(left) };
    });
  }

  /** Resolves with whether it is on by now. */
  async toggle(sides: GroupSides): Promise<boolean> {
    const { enabled } = await this.store.setGroup(sides.scope, (state) => ({ enabled: !state.enabled }));
    if (!enabled) await this.#settled(sides);
    return enabled;
  }

  /** Waits until a run that was under way has seen that it is to end. */
  async #settled(sides: GroupSides): Promise<void> {
    for (let count = 0; count < SETTLE_TRIES; count += 1) {
      if ((await this.engine.exclusively(sides, async () => true)) === true) return;
      await wait(SETTLE_PAUSE);
    }
  }
}

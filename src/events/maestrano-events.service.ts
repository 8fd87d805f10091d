import { Injectable, Logger } from '@nestjs/common';

import { errorPlace } from '../utils/error-place.js';
import type { MaestranoEvent, MaestranoEventOf, MaestranoEventType } from './event.interface.js';

/** Called with an event. What it throws, or rejects with, is logged and disturbs nobody. */
export type MaestranoEventListener<E extends MaestranoEvent = MaestranoEvent> = (event: E) => unknown;

/**
 * Tells the application what happened: for mails, statistics, an audit log, or a bridge to its own event bus.
 *
 * Listeners are called in this process, at once and after the fact, and nobody waits for what they begin. They get an event once,
 * and it is not kept: one of another instance is emitted there, and one of a process that dies may be lost. What has to happen
 * belongs into an adapter, whose failure the platform hears of.
 *
 * ```ts
 * const stop = events.on('membership.removed', ({ userUid, groupUid }) => audit.write(userUid, groupUid));
 * ```
 */
@Injectable()
export class MaestranoEvents {
  readonly #logger = new Logger('MaestranoEvents');
  readonly #listeners = new Set<{
    readonly type: MaestranoEventType | null;
    readonly call: MaestranoEventListener;
  }>();

  /**
   * Calls back with every event of a type.
   *
   * @returns how to stop.
   */
  on<T extends MaestranoEventType>(
    type: T,
    listener: MaestranoEventListener<MaestranoEventOf<T>>,
  ): () => void {
    return this.#add(type, listener as MaestranoEventListener);
  }

  /**
   * Calls back with every event.
   *
   * @returns how to stop.
   */
  onAny(listener: MaestranoEventListener): () => void {
    return this.#add(null, listener);
  }

  /** @internal Called by the package where something happened. */
  emit(
    event: MaestranoEvent extends infer E ? (E extends MaestranoEvent ? Omit<E, 'at'> : never) : never,
  ): void {
    if (this.#listeners.size === 0) return;
    const emitted = Object.freeze({ ...event, at: new Date() }) as MaestranoEvent;
    for (const { type, call } of Array.from(this.#listeners)) {
      if (type === null || type === emitted.type) void this.#call(call, emitted);
    }
  }

  #add(type: MaestranoEventType | null, call: MaestranoEventListener): () => void {
    const entry = { type, call };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  async #call(listener: MaestranoEventListener, event: MaestranoEvent): Promise<void> {
    try {
      await listener(event);
    } catch (error) {
      // Its text may hold what is personal.
      this.#logger.error(`A listener of "${event.type}" failed.`, errorPlace(error));
    }
  }
}

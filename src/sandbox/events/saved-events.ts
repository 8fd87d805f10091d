import { Injectable } from '@nestjs/common';

import { SandboxError } from '../../errors/sandbox.error.js';
import type { SandboxSavedEvent } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';

/** Events that may be kept. */
const CAPACITY = 50;
const MAX_NAME = 80;

/** Events that somebody composed and keeps. */
@Injectable()
export class SavedEvents {
  constructor(private readonly state: SandboxState) {}

  /** All of them, in the order of saving. */
  list(): SandboxSavedEvent[] {
    return this.state.savedEvents.list();
  }

  /** One of them. */
  get(id: string): SandboxSavedEvent | undefined {
    return this.state.savedEvents.get(id);
  }

  /**
   * Keeps an event.
   *
   * @throws SandboxError `sandbox.request` where 50 are kept already
   */
  save(event: Omit<SandboxSavedEvent, 'id'>): SandboxSavedEvent {
    if (this.state.savedEvents.size >= CAPACITY)
      throw new SandboxError('sandbox.request', {
        message: `${CAPACITY} events are kept already.`,
        remedy: 'Remove one that you do not need.',
      });
    return this.state.savedEvents.add({
      ...event,
      id: `saved-${this.#nextNumber()}`,
      name: named(event.name),
    });
  }

  /** Gives it another name; an empty one leaves the old. @returns whether it is there. */
  rename(id: string, name: string): boolean {
    const event = this.get(id);
    if (!event) return false;
    event.name = named(name) || event.name;
    return true;
  }

  /** @returns whether it was there. */
  remove(id: string): boolean {
    return this.state.savedEvents.delete(id);
  }

  /** Not the state's counter, which begins again at a reset. */
  #nextNumber(): number {
    return 1 + Math.max(0, ...this.list().map(({ id }) => Number(id.split('-')[1]) || 0));
  }
}

function named(name: string): string {
  return name.trim().slice(0, MAX_NAME);
}

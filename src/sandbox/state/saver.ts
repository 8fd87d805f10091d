import type { Subscription } from 'rxjs';

import type { Journal } from '../journal/journal.js';
import { saveState } from './persistence.js';
import type { SandboxState } from './sandbox-state.js';

/** Pause after an exchange before its changes are written, milliseconds. */
const DELAY_MS = 200;

/** Keeps the file of a persistent sandbox up to date: shortly after every exchange, and at the end. */
export class StateSaver {
  readonly #subscription: Subscription;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly state: SandboxState,
    private readonly file: string,
    journal: Journal,
  ) {
    this.#subscription = journal.live.subscribe(() => {
      this.#timer ??= setTimeout(() => this.save(), DELAY_MS).unref();
    });
  }

  /** Writes the state now. */
  save(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    saveState(this.state, this.file);
  }

  /** Writes the state for the last time. */
  close(): void {
    this.#subscription.unsubscribe();
    this.save();
  }
}

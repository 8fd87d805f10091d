import { saveState, serializeState } from './persistence.js';
import type { SandboxState } from './sandbox-state.js';

/** How often a persistent sandbox looks for changes, milliseconds. */
const INTERVAL_MS = 500;

/** Keeps the file of a persistent sandbox up to date, whoever changed the state: a client, a page or a test. */
export class StateSaver {
  readonly #timer: NodeJS.Timeout;
  #saved = '';

  constructor(
    private readonly state: SandboxState,
    private readonly file: string,
  ) {
    this.save();
    this.#timer = setInterval(() => this.save(), INTERVAL_MS).unref();
  }

  /** Writes the state if it has changed. */
  save(): void {
    const text = serializeState(this.state);
    if (text === this.#saved) return;
    saveState(text, this.file);
    this.#saved = text;
  }

  /** Writes the state for the last time. */
  close(): void {
    clearInterval(this.#timer);
    this.save();
  }
}

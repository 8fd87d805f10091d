import { inspect } from 'node:util';

/** What a secret prints as, wherever it is printed. */
export const REDACTED = '[secret]';

/**
 * Holds a value that must never be printed: an API key, a session token, a platform secret.
 * Template strings, `JSON.stringify`, `util.inspect` and loggers show `[secret]`; only {@link Secret.reveal}
 * gives the value, at the one place that sends it.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it where the value is sent or compared, and do not keep the result. */
  reveal(): string {
    return this.#value;
  }

  /** `true` for the empty string; an empty secret must never authenticate anyone. */
  get isEmpty(): boolean {
    return this.#value.length === 0;
  }

  /** Whether both hold the same value. For deciding on changes, not on credentials: it is not constant time. */
  equals(other: Secret): boolean {
    return this.#value === other.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

import type { ConsoleRole } from '../console-person.js';

/** What became of an action: `begun` was not finished, as its process ended first. */
export type ConsoleOutcomeKind = 'begun' | 'done' | 'refused' | 'failed';

/** One action of somebody in the console, tried ones included. Holds no personal value of customers. */
export interface ConsoleAuditEntry {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  /** Name of the person who acted. */
  readonly who: string;
  /** The role that it needs. */
  readonly role: ConsoleRole;
  /** `sections/action`, such as `charges/settle`. */
  readonly action: string;
  /** In words: `Settled a charge`. */
  readonly what: string;
  /** Upon what: company, marketplace, filter. */
  readonly on: string;
  readonly outcome: ConsoleOutcomeKind;
  /** What came of it, in words. */
  readonly text: string;
}

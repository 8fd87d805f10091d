/**
 * What somebody may do in the console: `view` opens pages, `replay` repeats work and ends sessions, `money` decides about
 * charges. None includes another.
 */
export type ConsoleRole = 'view' | 'replay' | 'money';

/** Somebody who uses the console. */
export interface ConsolePerson {
  /** Stands in the audit log; 1 to 200 characters. */
  readonly name: string;
  readonly roles: readonly ConsoleRole[];
}

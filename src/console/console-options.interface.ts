import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';

import type { IncomingRequest } from '../utils/incoming-request.js';
import type { ConsoleAuditEntry } from './audit/audit-entry.js';
import type { ConsolePerson } from './console-person.js';

/** What is kept of the actions of the console. */
export interface ConsoleAuditOptions {
  /** Milliseconds that an entry is kept; 90 days by default. */
  readonly keepMs?: number;
  /** Entries kept, the newest; 10,000 by default. */
  readonly maxEntries?: number;
  /**
   * Gets every entry once it is complete, for a log of your own that nobody can change. What it throws is logged, and
   * stops nothing.
   */
  readonly write?: (entry: ConsoleAuditEntry) => void | Promise<void>;
}

/** Options of the console; they may come from a factory. */
export interface MaestranoConsoleOptions {
  /**
   * Who asks, and what they may do: read from the request after your guard let it in. Null, and a person without the
   * role `view`, get no page.
   */
  readonly roles: (
    request: IncomingRequest,
  ) => ConsolePerson | null | undefined | Promise<ConsolePerson | null | undefined>;
  readonly audit?: ConsoleAuditOptions;
}

/** A guard of yours: a class, or an object of one. */
export type ConsoleGuard = Type<CanActivate> | CanActivate;

/** What must be known before any factory runs. */
export interface MaestranoConsoleExtras {
  /** Lets operators in and nobody else: the module does not start without one. */
  readonly guard: ConsoleGuard;
  /** Where the console is, below a global prefix; `maestrano/console` by default. */
  readonly path?: string;
  /** Modules that bring what the guard injects. */
  readonly imports?: ModuleMetadata['imports'];
}

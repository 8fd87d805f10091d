import type { SandboxDuration } from '../clock/duration.js';
import type { SandboxPart } from '../http/exchange-routes.js';

/** Which exchanges a fault strikes. Everything that is given must fit. */
export interface FaultMatch {
  readonly part?: SandboxPart;
  /** Name of the marketplace. */
  readonly marketplace?: string;
  /** `POST account/bills`, `account/bills/:id`, or with a star at the end: `GET connec/*`. */
  readonly route?: string;
  /** Customer company in the path, query or body. */
  readonly group?: string;
  /** From 0 to 1; always, unless given. */
  readonly probability?: number;
  /** Strikes that many exchanges, then is gone; stays for good unless given. */
  readonly next?: number;
}

/** What happens to an exchange that is struck. */
export interface FaultEffect {
  /** Before anything else: wait, milliseconds or `2s`, or between two spans. */
  readonly latency?: SandboxDuration | readonly [SandboxDuration, SandboxDuration];
  /** Respond with this instead of doing the work. */
  readonly status?: number;
  /** `Retry-After` beside `status`: seconds, or a moment for the date form. */
  readonly retryAfter?: number | Date;
  /** Body beside `status`, or instead of the body of the work's response. Objects become JSON. */
  readonly body?: unknown;
  /** Never respond. */
  readonly hang?: boolean;
  /** Reset the connection without doing the work. */
  readonly reset?: boolean;
  /** Do the work, then drop the connection instead of responding. */
  readonly applyThenDrop?: boolean;
  /** Drop the connection instead of responding, and do the work when that much time has passed on the sandbox's clock. */
  readonly applyLate?: SandboxDuration;
  /** Do the work, respond with an empty body. */
  readonly empty?: boolean;
  /** Do the work, send half of the body and drop the connection. */
  readonly truncated?: boolean;
  /** Do the work, respond with half a JSON text as if it were whole. */
  readonly invalidJson?: boolean;
  /** Do the work, respond with this content type. */
  readonly contentType?: string;
  /** Do the work with the clock moved: `5m`, `-2h`. */
  readonly clockOffset?: SandboxDuration;
}

/** A fault that waits for its exchanges. */
export interface Fault {
  readonly id: string;
  readonly match: FaultMatch;
  readonly effect: FaultEffect;
  /** Exchanges it will still strike; null for all. */
  remaining: number | null;
  /** Exchanges it has struck. */
  strikes: number;
}

/** Ready-made faults. */
export type FaultPreset = 'flaky' | 'down' | 'slow' | 'quota';

/** What each preset switches on. */
export const FAULT_PRESETS: Readonly<Record<FaultPreset, readonly (readonly [FaultMatch, FaultEffect])[]>> = {
  flaky: [
    [{ probability: 0.1 }, { reset: true }],
    [{ probability: 0.1 }, { status: 503 }],
    [{ probability: 0.2 }, { latency: [50, 500] }],
  ],
  down: [[{}, { status: 503 }]],
  slow: [[{}, { latency: [1_000, 3_000] }]],
  quota: [[{ probability: 0.5 }, { status: 429, retryAfter: 2 }]],
};

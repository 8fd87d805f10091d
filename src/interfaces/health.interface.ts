/** What one part of the integration says of itself. Names and numbers only: no secret, no personal value. */
export interface HealthReport {
  /** What keeps this instance from working; any makes the whole `down`. */
  readonly failures?: readonly string[];
  /** What somebody should look at, though a restart would not help. */
  readonly warnings?: readonly string[];
  /** Numbers and states for dashboards. */
  readonly details?: unknown;
}

/** A part that takes part in the health check, such as a queue. */
export interface HealthContributor {
  /** Key of its details in the result. */
  readonly name: string;
  /** Asked at every check; a rejection or two seconds of silence is a failure. */
  report(): HealthReport | Promise<HealthReport>;
}

/** The state under one key of a Terminus result. */
export interface MaestranoHealthState {
  readonly status: 'up' | 'down';
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
  /** Details by contributor. */
  readonly [contributor: string]: unknown;
}

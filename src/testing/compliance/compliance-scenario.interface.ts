import type { ComplianceBench } from './compliance-bench.js';

/** What a marketplace does, and what an application has to make of it. */
export interface ComplianceScenario {
  /** Stable, such as `webhook-group-twice`. */
  readonly id: string;
  readonly area:
    | 'login'
    | 'assertion'
    | 'metadata'
    | 'webhook'
    | 'notification'
    | 'synchronization'
    | 'platform'
    | 'usage';
  /** What is expected, as a sentence. */
  readonly title: string;
  /** What to do when it fails. */
  readonly remedy: string;
  /** Resolves when the application does well; rejects with what it did instead. */
  readonly run: (bench: ComplianceBench) => Promise<void>;
}

/** What became of one scenario. */
export interface ComplianceResult {
  readonly id: string;
  readonly area: ComplianceScenario['area'];
  readonly title: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** What the application did instead, or why the scenario was skipped; null when it passed. */
  readonly reason: string | null;
  /** The exchanges of a failed scenario, oldest first, secrets masked. */
  readonly exchanges: readonly string[];
  /** What to do about a failure; null otherwise. */
  readonly remedy: string | null;
  readonly durationMs: number;
}

/** The whole checklist. */
export interface ComplianceReport {
  readonly results: readonly ComplianceResult[];
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

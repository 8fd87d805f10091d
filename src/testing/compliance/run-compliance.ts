import type { JournalEntry, Sandbox } from '../../sandbox/index.js';
import { ASSERTION_SCENARIOS } from './assertion.scenarios.js';
import { ComplianceBench } from './compliance-bench.js';
import { ComplianceFailure, ComplianceSkip } from './compliance-failure.js';
import type {
  ComplianceReport,
  ComplianceResult,
  ComplianceScenario,
} from './compliance-scenario.interface.js';
import { METADATA_SCENARIOS } from './metadata.scenarios.js';
import { NOTIFICATION_SCENARIOS } from './notification.scenarios.js';
import { PLATFORM_SCENARIOS } from './platform.scenarios.js';
import { LOGIN_SCENARIOS } from './login.scenarios.js';
import { SYNCHRONIZATION_SCENARIOS } from './synchronization.scenarios.js';
import type { ComplianceUsage } from './compliance-usage.js';
import { USAGE_SCENARIOS } from './usage.scenarios.js';
import { WEBHOOK_SCENARIOS } from './webhook.scenarios.js';

/** Every scenario, in the order they are run. */
export const COMPLIANCE_SCENARIOS: readonly ComplianceScenario[] = [
  ...LOGIN_SCENARIOS,
  ...ASSERTION_SCENARIOS,
  ...METADATA_SCENARIOS,
  ...WEBHOOK_SCENARIOS,
  ...NOTIFICATION_SCENARIOS,
  ...SYNCHRONIZATION_SCENARIOS,
  ...PLATFORM_SCENARIOS,
  ...USAGE_SCENARIOS,
];

/** How the checklist is run. */
export interface ComplianceOptions {
  /** Address of the application, without trailing slash. */
  readonly appUrl: string;
  /** The marketplace that the application is configured for. */
  readonly sandbox: Sandbox;
  /** A page for signed-in people only; the page that a login ends on by default. */
  readonly page?: string;
  /** Has the application read its configuration again; scenarios that need it are skipped otherwise. */
  readonly refresh?: () => Promise<unknown>;
  /** The metering of the application; scenarios that need it are skipped otherwise. */
  readonly usage?: ComplianceUsage;
  /** Ids of the scenarios to run; all by default. */
  readonly only?: readonly string[];
  /** Ends the run between two scenarios: the application is gone, or nobody waits any more. */
  readonly signal?: AbortSignal;
  /** Called with each result as it comes. */
  readonly onResult?: (result: ComplianceResult) => void;
}

/** Exchanges of a failed scenario that are shown. */
const SHOWN = 6;

/**
 * Drives an application through what a marketplace does, one scenario after another. A failure is a result.
 *
 * @throws the reason of the signal, once it is given
 * @throws RangeError when `only` holds an id that no scenario has: nothing would be checked, and all be well
 */
export async function runCompliance(options: ComplianceOptions): Promise<ComplianceReport> {
  const { sandbox, appUrl, page, refresh, usage, only, signal, onResult } = options;
  const unknown = only?.filter((id) => !COMPLIANCE_SCENARIOS.some((scenario) => scenario.id === id)) ?? [];
  if (unknown.length > 0) throw new RangeError(`There is no scenario ${unknown.join(', ')}.`);
  const bench = new ComplianceBench(sandbox, appUrl.replace(/\/+$/, ''), { page, refresh, usage });
  const results: ComplianceResult[] = [];
  for (const scenario of COMPLIANCE_SCENARIOS) {
    if (only && !only.includes(scenario.id)) continue;
    const result = await runScenario(scenario, bench);
    signal?.throwIfAborted();
    results.push(result);
    onResult?.(result);
  }
  const count = (result: ComplianceResult['result']) => results.filter((one) => one.result === result).length;
  return { results, passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

async function runScenario(scenario: ComplianceScenario, bench: ComplianceBench): Promise<ComplianceResult> {
  const { id, area, title, remedy } = scenario;
  const started = performance.now();
  const { journal } = bench.sandbox;
  const before = journal.find().at(-1)?.id ?? 0;
  const toResult = (result: ComplianceResult['result'], reason: string | null): ComplianceResult => ({
    id,
    area,
    title,
    result,
    reason,
    exchanges: result === 'failed' ? journal.find({ after: before }).slice(-SHOWN).map(describe) : [],
    remedy: result === 'failed' ? remedy : null,
    durationMs: performance.now() - started,
  });
  try {
    await scenario.run(bench);
    return toResult('passed', null);
  } catch (error) {
    if (error instanceof ComplianceSkip) return toResult('skipped', error.message);
    const reason = error instanceof Error ? error.message : String(error);
    return toResult(
      'failed',
      error instanceof ComplianceFailure ? reason : `The scenario broke off: ${reason}`,
    );
  }
}

function describe({ direction, method, url, status, responseBody }: JournalEntry): string {
  const who = direction === 'in' ? 'application → marketplace' : 'marketplace → application';
  return `${who}: ${method} ${url.slice(0, 160)} ${status ?? 'no response'} ${responseBody.slice(0, 200)}`.trim();
}

import type { INestApplication } from '@nestjs/common';

import { MarketplaceLoader } from '../../marketplace/marketplace-loader.js';
import type { ContractCase } from '../contract-case.js';
import { complianceUsage } from './compliance-usage.js';
import { COMPLIANCE_SCENARIOS, type ComplianceOptions, runCompliance } from './run-compliance.js';

/** What {@link maestranoCompliance} is given; a function, because tests know it only once everything is running. */
export type ComplianceTarget = () => Pick<ComplianceOptions, 'appUrl' | 'sandbox' | 'page'> & {
  /** The application, for scenarios in which the configuration changes, or something is used. */
  readonly app?: INestApplication;
};

/**
 * The checklist as test cases of your own runner:
 *
 * ```ts
 * for (const { name, run } of maestranoCompliance(() => ({ app, sandbox, appUrl }))) it(name, run);
 * ```
 *
 * A case rejects with what the application did instead and what to do about it. A scenario that cannot be tried
 * passes: it says so in the `comply` command only.
 */
export function maestranoCompliance(target: ComplianceTarget): ContractCase[] {
  return COMPLIANCE_SCENARIOS.map(({ id, title }) => ({
    name: `${id}: ${title}`,
    run: async () => {
      const { app, ...options } = target();
      const refresh = app && (() => app.get(MarketplaceLoader, { strict: false }).refresh());
      const usage = app && complianceUsage(app);
      const report = await runCompliance({
        ...options,
        only: [id],
        ...(refresh ? { refresh } : {}),
        ...(usage ? { usage } : {}),
      });
      const [result] = report.results;
      if (result?.result !== 'failed') return;
      throw new Error([result.reason, result.remedy, ...result.exchanges].join('\n'));
    },
  }));
}

import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { HealthContributors } from './health-contributors.service.js';
import { MaestranoHealthIndicator } from './maestrano.health-indicator.js';
import { SilenceWatch } from './silence-watch.service.js';
import { StartReport } from './start-report.service.js';

/** The health indicator, and the list that an application adds its own parts to. */
export function healthFeature(_extras: MaestranoModuleExtras): MaestranoFeature {
  return {
    providers: [HealthContributors, MaestranoHealthIndicator, SilenceWatch, StartReport],
    exports: [HealthContributors, MaestranoHealthIndicator],
    endpoints: [],
  };
}

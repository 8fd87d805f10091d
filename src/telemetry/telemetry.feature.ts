import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { TelemetryService } from './telemetry.service.js';

/** Traces and metrics where the application collects them. */
export function telemetryFeature(_extras: MaestranoModuleExtras): MaestranoFeature {
  return { providers: [TelemetryService], exports: [], endpoints: [] };
}

import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { ConnecService } from './connec.service.js';

/** The data client (protocol §9). */
export function connecFeature(_extras: MaestranoModuleExtras): MaestranoFeature {
  return { providers: [ConnecService], exports: [ConnecService], endpoints: [] };
}

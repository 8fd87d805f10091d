import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';

/** The Account API's services; no endpoints. */
export function accountFeature(): MaestranoFeature {
  return { providers: [], exports: [], endpoints: [] };
}

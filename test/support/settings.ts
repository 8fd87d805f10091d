import type { MaestranoModuleOptions } from '../../src/maestrano-options.interface.js';
import { type MaestranoSettings, resolveSettings } from '../../src/settings/maestrano-settings.js';

/** The settings of a registration with these options, whatever the variables of the environment say. */
export function settingsOf(
  options: MaestranoModuleOptions = {},
  environment: Readonly<Record<string, string>> = {},
): MaestranoSettings {
  return resolveSettings(options, { environment });
}

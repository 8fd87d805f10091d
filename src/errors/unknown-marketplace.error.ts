import { MaestranoConfigurationError } from './configuration.error.js';

/** Nobody configured a marketplace of that name. */
export class MaestranoUnknownMarketplaceError extends MaestranoConfigurationError {
  /** @param known names that are configured; the first twenty are shown. */
  constructor(name: string, known: readonly string[]) {
    const shown =
      known.slice(0, 20).join(', ') + (known.length > 20 ? `, and ${known.length - 20} more` : '');
    super('configuration.unknownMarketplace', {
      message: `There is no marketplace "${name.slice(0, 100)}".`,
      remedy: shown ? `Configured: ${shown}.` : 'No marketplace is configured at all.',
    });
  }
}

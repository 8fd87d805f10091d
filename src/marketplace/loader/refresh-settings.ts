import { ConfigurationError } from '../../errors/configuration.error.js';
import type { MarketplaceRefreshOptions } from '../../interfaces/marketplace-options.interface.js';

/** The `refresh` option with its defaults. */
export type RefreshSettings = Required<Omit<MarketplaceRefreshOptions, 'file'>> & {
  readonly file: string | null;
};

const HOUR_MS = 3_600_000;

const DEFAULTS: RefreshSettings = {
  intervalMs: 300_000,
  timeoutMs: 5_000,
  bootDeadlineMs: 15_000,
  vanishedGraceMs: 24 * HOUR_MS,
  rotationOverlapMs: HOUR_MS,
  file: null,
  startEmpty: false,
};

/** Longer timers fire at once. */
const MAX_MS = 2 ** 31 - 1;

/** @throws ConfigurationError (`configuration.options`) for a duration that is none. */
export function resolveRefreshSettings(options: MarketplaceRefreshOptions = {}): RefreshSettings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings: RefreshSettings = { ...DEFAULTS, ...given };
  for (const [name, value] of Object.entries(settings)) {
    if (!name.endsWith('Ms')) continue;
    const least = name === 'timeoutMs' || name === 'bootDeadlineMs' ? 1 : 0;
    if (typeof value === 'number' && value >= least && value <= MAX_MS) continue;
    throw new ConfigurationError('configuration.options', {
      message: `The option refresh.${name} is not a number of milliseconds.`,
      remedy: `Give a number from ${least} to ${MAX_MS}.`,
    });
  }
  return settings;
}

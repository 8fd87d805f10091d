import { count, share } from '../settings/number-rule.js';
import { readOptions, type SettingOf } from '../settings/option-reader.js';
import { group, list, readElsewhere, type RulesFor } from '../settings/rules.js';
import type { SyncRolloutOptions } from './rollout.service.js';

const ROLLOUT = group({
  steps: list(count(1), [1, 10, 100]),
  heldShare: share(0.02),
  planLimit: count(10_000),
  companies: readElsewhere('a list of companies'),
  inventories: count(10),
} satisfies RulesFor<SyncRolloutOptions>);

/**
 * The options of a rollout, complete. What is no number would stop nothing, and look at no plan.
 *
 * @throws MaestranoConfigurationError (`configuration.options`) with everything that is wrong.
 */
export function resolveRollout(options: SyncRolloutOptions): SettingOf<typeof ROLLOUT> {
  return readOptions(ROLLOUT, options, 'SyncRollout');
}

import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import { count, share } from '../settings/number-rule.js';
import { readOptions, type SettingOf } from '../settings/option-reader.js';
import { group, list, readElsewhere, type RulesFor } from '../settings/rules.js';

/** How the first synchronization of many companies is begun. */
export interface SyncRolloutOptions {
  /** How many companies have begun after each step: 1, 10, 100 by default, and then all. */
  readonly steps?: readonly number[];
  /** Share of a company's records that may be held back for a person before nothing more is begun; 0.02 by default. */
  readonly heldShare?: number;
  /** Records of a plan that are looked at; a company with more waits for a person. 10,000 by default. */
  readonly planLimit?: number;
  /**
   * Companies that are to be listed for their plan, each as soon as there is room; those that were run before are passed over. None
   * by default: then `start()` has a company listed.
   */
  readonly companies?: Iterable<GroupReference> | AsyncIterable<GroupReference>;
  /** How many of `companies` are listed at the same time at each marketplace; 10 by default. */
  readonly inventories?: number;
}

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

import { count } from '../settings/number-rule.js';
import { describeFound, readOptions, type Rule, type SettingOf } from '../settings/option-reader.js';
import { group, list, readElsewhere, type RulesFor } from '../settings/rules.js';
import type { SyncRolloutOptions } from './rollout.service.js';

/** A part of all. */
const share: Rule<number> = {
  takes: 'a share from 0 to 1',
  read(found, place) {
    if (found === undefined) return 0.02;
    if (typeof found === 'number' && found >= 0 && found <= 1) return found;
    place.report(`It takes ${this.takes}.`, describeFound(found, true), 'Write 0.02 for two of a hundred.');
    return 0;
  },
};

const ROLLOUT = group({
  steps: list(count(1), [1, 10, 100]),
  heldShare: share,
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

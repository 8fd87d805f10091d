import { count, milliseconds, share } from '../settings/number-rule.js';
import { describeFound, readOptions, type Rule, type SettingOf } from '../settings/option-reader.js';
import {
  callback,
  choice,
  flag,
  group,
  instance,
  readElsewhere,
  type RulesFor,
  text,
} from '../settings/rules.js';
import type { SyncLimits } from './engine/pace.js';
import { SYNC_DEFAULTS, type SyncSettings } from './engine/sync-settings.js';
import type { MaestranoSyncOptions } from './sync-options.interface.js';

/** How often a group is run unless said otherwise, in milliseconds. */
const HOUR_MS = 3_600_000;

/** A time that no timer waits for: compared with the clock. */
function time(byDefault: number, least = 0): Rule<number> {
  return milliseconds(byDefault, { least, most: Number.MAX_SAFE_INTEGER });
}

const EVERY = group({ everyMs: time(HOUR_MS, 1) });

/** How often companies are due; null for never. */
const schedule: Rule<number | null> = {
  takes: "'off', or { everyMs }",
  read: (found, place) => (found === 'off' ? null : EVERY.read(found, place).everyMs),
};

const owner: Rule<unknown> = {
  takes: 'provider and realm, or a function',
  read(found, place) {
    if (typeof found === 'function' || (typeof found === 'object' && found !== null)) return found;
    place.report(
      `It takes ${this.takes}.`,
      describeFound(found, false),
      "Write { provider: 'my-app', realm: 'main' }.",
    );
    return undefined;
  },
};

const { brake } = SYNC_DEFAULTS;

const SYNC = group({
  entities: readElsewhere('a list of entities'),
  store: instance('a SyncStore', ['acquire', 'commit', 'links']),
  executor: readElsewhere('an executor'),
  app: text('default'),
  owner,
  tenant: callback<NonNullable<MaestranoSyncOptions['tenant']>>(),
  acceptDataLoss: flag(false),
  schedule,
  sliceMs: time(30_000, 1),
  limits: group({
    connec: readElsewhere('a rate'),
    app: readElsewhere('a rate'),
    appPerGroup: readElsewhere('a rate'),
  } satisfies RulesFor<SyncLimits>),
  maxRuns: count(4, { most: 64 }),
  overlapMs: time(SYNC_DEFAULTS.overlapMs),
  restMs: time(SYNC_DEFAULTS.restMs),
  sweepEveryMs: time(SYNC_DEFAULTS.sweepEveryMs),
  confirmDeletesMs: time(SYNC_DEFAULTS.confirmDeletesMs),
  vanishedAfterMs: time(SYNC_DEFAULTS.vanishedAfterMs),
  retryMs: time(SYNC_DEFAULTS.retryMs),
  leaseMs: milliseconds(SYNC_DEFAULTS.leaseMs),
  timeoutMs: milliseconds(SYNC_DEFAULTS.timeoutMs),
  pageSize: count(SYNC_DEFAULTS.pageSize),
  batchSize: count(SYNC_DEFAULTS.batchSize),
  concurrency: count(SYNC_DEFAULTS.concurrency),
  brake: group({
    floor: count(brake.floor, { least: 0 }),
    share: share(brake.share),
    ceiling: count(brake.ceiling, { least: 0 }),
  } satisfies RulesFor<SyncSettings['brake']>),
  history: choice(['digests', 'values'], SYNC_DEFAULTS.history),
  historyValuesMs: time(SYNC_DEFAULTS.historyValuesMs),
  firstRun: choice(['plan', 'apply'], SYNC_DEFAULTS.firstRun),
} satisfies RulesFor<MaestranoSyncOptions>);

/**
 * The options of `MaestranoSyncModule`, complete. What is no number would hold no lease, end no slice and trip no brake.
 *
 * @throws MaestranoConfigurationError (`configuration.options`) with everything that is wrong.
 */
export function resolveSyncOptions(options: MaestranoSyncOptions): SettingOf<typeof SYNC> {
  return readOptions(SYNC, options, 'MaestranoSyncModule');
}

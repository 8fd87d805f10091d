import type { ExternalIdOwner } from '../connec/client/external-ids.js';
import { count, milliseconds, share } from '../settings/number-rule.js';
import { describeFound, readOptions, type Rule, type SettingOf } from '../settings/option-reader.js';
import { callback, choice, flag, group, readElsewhere, type RulesFor, text } from '../settings/rules.js';
import { isRecord } from '../utils/values.js';
import type { SyncLimits } from './engine/pace.js';
import { SYNC_DEFAULTS, type SyncSettings } from './engine/sync-settings.js';
import type { SyncStore } from './store/sync-store.js';
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

/** What the module cannot do without; the compiler says so, but not in JavaScript. */
function needed(takes: string, remedy: string, isOne: (found: unknown) => boolean): Rule<unknown> {
  return {
    takes,
    read(found, place) {
      if (!isOne(found)) place.report(`It takes ${takes}.`, describeFound(found, false), remedy);
      return found;
    },
  };
}

/** Whether it is a name under which ids are kept at Connec!. */
export function isOwner(owner: unknown): owner is ExternalIdOwner {
  const names = isRecord(owner) ? [owner['provider'], owner['realm']] : [];
  return names.length === 2 && names.every((name) => typeof name === 'string' && name !== '');
}

const { brake } = SYNC_DEFAULTS;

const SYNC = group({
  entities: needed(
    'a list of entities',
    'Give it a list of what syncEntity() returned.',
    (found) => Array.isArray(found) && found.every((one) => isRecord(one) && Array.isArray(one['rules'])),
  ),
  store: needed(
    'a SyncStore',
    'Give it a SqlSyncStore, or a MemorySyncStore in tests.',
    (found) => typeof (found as Partial<SyncStore> | null | undefined)?.acquire === 'function',
  ),
  executor: readElsewhere('an executor'),
  app: text('default'),
  owner: needed(
    'provider and realm, or a function',
    "Write { provider: 'my-app', realm: 'main' }: the name of your ids at Connec!, which must never change.",
    (found) => typeof found === 'function' || isOwner(found),
  ),
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

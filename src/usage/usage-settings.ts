import { nearestName } from '../utils/nearest-name.js';
import { isRecord } from '../utils/values.js';
import { describeFound, type Place, readOptions, type Rule } from '../settings/option-reader.js';
import {
  callback,
  choice,
  flag,
  group,
  instance,
  mapped,
  namedGroups,
  type RulesFor,
  text,
} from '../settings/rules.js';
import { isZone } from './calendar/local-days.js';
import type { BillingCycle } from './calendar/billing-cycle.js';
import { exactOrNull, PRICE_PLACES } from './exact/exact-decimal.js';
import { type AmountsIn, placesOf } from './exact/currency-step.js';
import type { UsageMeter } from './meters/usage-meter.js';
import { pricesByCurrency } from './meters/price-rules.js';
import type { UsageAggregate } from './rating/fact-values.js';
import type { StoredPrice } from './rating/price-table.js';
import type { MaestranoUsageOptions } from './usage-options.interface.js';
import type { UsageStore } from './store/usage-store.js';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration as `'3d'`, `'12h'`, `'30m'`, `'10s'` or milliseconds. */
function duration(byDefault: number): Rule<number> {
  return {
    takes: "a duration such as '3d', '12h' or milliseconds",
    read(found, place) {
      if (found === undefined) return byDefault;
      if (typeof found === 'number' && Number.isSafeInteger(found) && found >= 0) return found;
      const [, number, unit = ''] =
        typeof found === 'string' ? (/^(\d{1,6})([smhd])$/.exec(found.trim()) ?? []) : [];
      if (number !== undefined) return Number(number) * UNIT_MS[unit]!;
      place.report(`It takes ${this.takes}.`, describeFound(found, true), "Write '3d' for three days.");
      return byDefault;
    },
  };
}

/** A moment; null where it is left out. */
const moment: Rule<number | null> = {
  takes: 'a Date',
  read(found, place) {
    if (found === undefined) return null;
    if (found instanceof Date && !Number.isNaN(found.getTime())) return found.getTime();
    place.report('It takes a valid Date.', describeFound(found, true), "Write new Date('2026-10-01').");
    return null;
  },
};

/** An amount in the main unit; null where it is left out. */
const amount: Rule<string | null> = {
  takes: "decimal text such as '10.00'",
  read(found, place) {
    if (found === undefined) return null;
    const value = typeof found === 'string' ? exactOrNull(found, PRICE_PLACES) : null;
    if (value !== null && value >= 0n) return found as string;
    place.report(`It takes ${this.takes}.`, describeFound(found, true), 'Write it as text, from 0 up.');
    return null;
  },
};

const CYCLE_REMEDY = "Write { every: 'month', day: 1 } or { every: 'week', weekday: 1 }.";

/** The cycle, with what companies anchor as day 0. */
const cycle: Rule<BillingCycle | { readonly every: 'month'; readonly day: 'company' }> = {
  takes: 'a cycle',
  read(found, place) {
    const given = found ?? { every: 'month' };
    if (isRecord(given)) {
      const { every, day = 1, weekday = 1, ...rest } = given;
      const known = Object.keys(rest).length === 0;
      if (known && every === 'month' && (day === 'company' || isWithin(day, 31))) return { every, day };
      if (known && every === 'week' && isWithin(weekday, 7)) return { every, weekday };
    }
    place.report('It takes a cycle by the month or by the week.', describeFound(found, false), CYCLE_REMEDY);
    return { every: 'month', day: 1 };
  },
};

function isWithin(value: unknown, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
}

const ASCII_LINE = {
  takes: 'printable ASCII of at most 100 characters',
  check: (written: string) =>
    /^[ -~]{1,100}$/.test(written)
      ? null
      : {
          message: 'It takes printable ASCII of at most 100 characters: marketplaces change others.',
          remedy: 'Shorten it, and write it without accents, line breaks and emoji.',
        },
};

const zone = text('UTC', {
  takes: 'a time zone',
  check: (name) =>
    isZone(name)
      ? null
      : { message: 'There is no such time zone.', remedy: "Write one such as 'Australia/Sydney'." },
});

const METER = group({
  aggregate: choice(['sum', 'count', 'max', 'last', 'uniqueCount', 'timeWeighted'], 'sum'),
  resolution: choice(['exact', 'day'], 'exact'),
  label: text('', ASCII_LINE),
  unitLabel: text(null, ASCII_LINE),
  from: moment,
  thirdParty: flag(false),
  prices: pricesByCurrency,
  amountsIn: mapped(choice(['hundredths', 'minor', 'unsaid'], 'unsaid'), (said): AmountsIn | null =>
    said === 'unsaid' ? null : said,
  ),
  cycle,
  zone,
  zoneOf: choice(['company', 'meter'], 'company'),
  grace: duration(3 * UNIT_MS['d']!),
  trial: choice(['free', 'charge'], 'free'),
  noCard: choice(['hold', 'bill'], 'hold'),
  minBill: amount,
  maxBill: amount,
} satisfies RulesFor<UsageMeter>);

/** A meter, checked and complete. */
export interface MeterSettings {
  readonly name: string;
  readonly aggregate: UsageAggregate;
  readonly resolution: 'exact' | 'day';
  readonly label: string;
  readonly unitLabel: string | null;
  /** Milliseconds. */
  readonly from: number | null;
  readonly thirdParty: boolean;
  readonly prices: ReadonlyMap<string, readonly StoredPrice[]>;
  readonly amountsIn: AmountsIn;
  readonly cycle: BillingCycle | { readonly every: 'month'; readonly day: 'company' };
  readonly zone: string;
  readonly zoneOf: 'company' | 'meter';
  /** Milliseconds. */
  readonly grace: number;
  readonly trial: 'free' | 'charge';
  readonly noCard: 'hold' | 'bill';
  readonly minBill: string | null;
  readonly maxBill: string | null;
}

const METERS: Rule<ReadonlyMap<string, MeterSettings>> = {
  takes: 'an object of meters by name',
  read(found, place, _base, siblings) {
    const read = namedGroups(METER).read(found, place, undefined, siblings);
    if (read.size === 0) place.report('It takes at least one meter.', null, 'Write meters: { sms: { … } }.');
    const meters = new Map<string, MeterSettings>();
    const labels = new Map<string, string>();
    for (const [name, meter] of read) {
      const at = place.at(name, null);
      checkMeter(name, meter, at, labels);
      meters.set(name, { ...meter, name, amountsIn: meter.amountsIn ?? 'hundredths' });
    }
    return meters;
  },
};

/** What several options of a meter say together. */
function checkMeter(
  name: string,
  meter: Omit<MeterSettings, 'name' | 'amountsIn'> & { readonly amountsIn: AmountsIn | null },
  place: Place,
  labels: Map<string, string>,
): void {
  if (!/^[\w.-]{1,50}$/.test(name)) {
    place.report(
      'The name of a meter is not usable.',
      null,
      'Use letters, digits, `_`, `.` and `-`, 50 at most.',
    );
  }
  if (meter.label === '') {
    place.at('label', null).report('It is required.', null, "Write what the invoice shows: label: 'SMS'.");
  }
  const other = labels.get(meter.label);
  if (other !== undefined) {
    const what = `The meter ${other} has the same label, so that bills could not be distinguished.`;
    place.at('label', null).report(what, null, 'Give each meter a label of its own.');
  }
  labels.set(meter.label, name);
  if (meter.resolution === 'day' && meter.aggregate !== 'timeWeighted') {
    place.at('resolution', null).report('It is for timeWeighted alone.', null, 'Leave it out.');
  }
  const odd = [...meter.prices.keys()].filter((currency) => placesOf(currency) !== 2);
  if (meter.amountsIn === null && odd.length > 0) reportMinorUnits(odd[0]!, place.at('amountsIn', null));
}

/** Both readings, written out: a factor of 100 is the commonest mistake with money (usage §1.6). */
function reportMinorUnits(currency: string, place: Place): void {
  const places = placesOf(currency);
  const minor = 1_000 * 10 ** places;
  place.report(
    `${currency} has no hundredths, and marketplaces differ in what price_cents counts: ` +
      `1,000 ${currency} are sent as 100000 with 'hundredths', and as ${minor} with 'minor'.`,
    null,
    "Ask the marketplace, then write amountsIn: 'hundredths' or amountsIn: 'minor'.",
  );
}

const DAY = UNIT_MS['d']!;

const USAGE = group({
  store: instance('a UsageStore', ['append', 'load', 'seal']),
  meters: METERS,
  acceptFor: duration(100 * DAY),
  keepFacts: duration(0),
  schedule: choice(['hourly', 'off'], 'hourly'),
  company: callback<NonNullable<MaestranoUsageOptions['company']>>(),
  onEvent: callback<NonNullable<MaestranoUsageOptions['onEvent']>>(),
  acceptDataLoss: flag(false),
} satisfies RulesFor<MaestranoUsageOptions>);

/** The options of `MaestranoUsageModule`, checked and complete. */
export interface UsageSettings {
  readonly store: UsageStore;
  readonly meters: ReadonlyMap<string, MeterSettings>;
  /** Milliseconds. */
  readonly acceptFor: number;
  readonly keepFacts: number;
  readonly schedule: 'hourly' | 'off';
  readonly company: MaestranoUsageOptions['company'] | undefined;
  readonly onEvent: MaestranoUsageOptions['onEvent'] | undefined;
  readonly acceptDataLoss: boolean;
}

const WITH_STORE: Rule<UsageSettings> = {
  takes: USAGE.takes,
  read(found, place) {
    const settings = USAGE.read(found, place);
    if (settings.store === null) {
      const at = place.at('store', null);
      if (at.count === 0)
        at.report('It is required.', null, 'Write store: new SqlUsageStore(pgExecutor(pool)).');
    }
    const keepFacts = Math.max(settings.keepFacts, settings.acceptFor);
    return { ...settings, keepFacts, store: settings.store as UsageStore };
  },
};

/** @throws MaestranoConfigurationError (`configuration.options`) with everything that is wrong. */
export function resolveUsageSettings(options: MaestranoUsageOptions): UsageSettings {
  return readOptions(WITH_STORE, options, 'MaestranoUsageModule');
}

/** The known name that was probably meant. */
export function meterMeant(name: string, settings: UsageSettings): string | null {
  return nearestName(name, [...settings.meters.keys()]);
}

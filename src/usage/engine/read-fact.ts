import { MaestranoUsageError, type UsageErrorCode } from '../../errors/usage.error.js';
import { exactOrNull, ONE, QUANTITY_PLACES, tenTo } from '../exact/exact-decimal.js';
import type { UsageFact } from '../meters/usage-fact.js';
import type { UsageFactRow } from '../store/usage-records.js';
import { type MeterSettings, meterMeant, type UsageSettings } from '../usage-settings.js';

/** How far ahead of this clock a fact may be, in milliseconds. */
const AHEAD_MS = 5 * 60_000;

/** The first quantity with more than 12 digits. */
const TOO_MUCH = tenTo(12 + QUANTITY_PLACES);

/** A fact as it is kept. */
export interface ReadFact {
  readonly meter: MeterSettings;
  readonly row: UsageFactRow;
  /** Too old to be new: it can only be one that is there already. */
  readonly isOld: boolean;
}

/**
 * A quantity in millionths.
 *
 * @throws MaestranoUsageError `usage.quantity`
 */
export function readQuantity(given: string | number, facts: Record<string, unknown> = {}): bigint {
  const text = typeof given === 'number' && Number.isSafeInteger(given) ? String(given) : given;
  const value = typeof text === 'string' ? exactOrNull(text, QUANTITY_PLACES) : null;
  if (value === null || value < 0n || value >= TOO_MUCH)
    throw new MaestranoUsageError('usage.quantity', facts);
  return value;
}

/** A meter by its name. @throws MaestranoUsageError `usage.unknownMeter` */
export function meterOf(settings: UsageSettings, name: string): MeterSettings {
  const meter = settings.meters.get(name);
  if (meter) return meter;
  const meant = typeof name === 'string' ? meterMeant(name, settings) : null;
  const remedy = meant === null ? undefined : `Write '${meant}'.`;
  throw new MaestranoUsageError('usage.unknownMeter', { remedy });
}

/** Whether a text may name a fact, a key or a company. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[^\p{C}]{1,200}$/u.test(value);
}

/**
 * Checks a fact, and makes the row of it.
 *
 * @throws MaestranoUsageError for anything that is not right with it
 */
export function readFact(fact: UsageFact, settings: UsageSettings, now: number): ReadFact {
  if (typeof fact !== 'object' || fact === null) throw new MaestranoUsageError('usage.fact');
  const { marketplace, group, id, at, key = '', quantity = 1 } = fact;
  const meter = meterOf(settings, fact.meter);
  const about = {
    marketplace: typeof marketplace === 'string' ? marketplace : undefined,
    group: typeof group === 'string' ? group : undefined,
    meter: meter.name,
  };
  const reject = (code: UsageErrorCode, message?: string): never => {
    throw new MaestranoUsageError(code, { ...about, ...(message !== undefined && { message }) });
  };
  if (!isName(marketplace) || !isName(group))
    reject('usage.fact', 'The marketplace or the group is no name.');
  if (!isName(id)) reject('usage.fact', 'The id is not 1 to 200 printable characters.');
  if (key !== '' && !isName(key)) reject('usage.fact', 'The key is not 1 to 200 printable characters.');
  if (meter.aggregate === 'uniqueCount' && key === '') {
    reject('usage.fact', 'A meter of uniqueCount needs the key of what is counted.');
  }
  const time = at instanceof Date ? at.getTime() : Number.NaN;
  if (!Number.isFinite(time)) reject('usage.fact', '`at` is no valid Date.');
  if (time > now + AHEAD_MS) reject('usage.future');
  if (meter.from !== null && time < meter.from) reject('usage.beforeMeter');
  const value = meter.aggregate === 'count' ? ONE : readQuantity(quantity, about);
  const row: UsageFactRow = {
    id,
    at: time,
    quantity: value,
    counted: 1,
    key,
    corrects: null,
    value: null,
    turn: 0,
    receivedAt: now,
  };
  return { meter, row, isOld: time < now - settings.acceptFor };
}

/** Whether two facts of one id say the same. */
export function isSameFact(one: UsageFactRow, other: UsageFactRow): boolean {
  return (
    one.at === other.at &&
    one.quantity === other.quantity &&
    one.key === other.key &&
    one.corrects === other.corrects
  );
}

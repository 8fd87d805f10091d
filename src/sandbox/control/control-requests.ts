import { SandboxError } from '../../errors/sandbox.error.js';
import { nearestName } from '../../utils/nearest-name.js';
import { isRecord } from '../../utils/values.js';
import { milliseconds } from '../clock/duration.js';
import type { SandboxEvent } from '../events/event-sender.js';
import type { SandboxPart } from '../http/exchange-routes.js';
import type { JournalQuery } from '../journal/journal.js';
import type { LoginOptions } from '../login/sandbox-login.js';
import type { SandboxUsageDay } from '../state/records.js';
import type { DeliveryOptions } from '../webhooks/delivery.js';
import { ASSERTION_VARIANTS } from '../workshop/assertion-workshop.js';

/** What is sent where nothing is to be wrong. */
const VALID = 'valid';
/** Deliveries of one event. */
const MAX_TIMES = 50;
/** Exchanges of one page of the journal. */
const MAX_ENTRIES = 5_000;
/** Days of usage in one report. */
const MAX_DAYS = 400;
const PARTS: readonly SandboxPart[] = ['platform', 'idp', 'openid', 'account', 'connec', 'webhooks'];
const CREDENTIALS = ['valid', 'old', 'wrong', 'none'] as const;
/** Farthest that a `Date` can be, in milliseconds. */
const LAST_MOMENT = 8.64e15;

/** One move of the clock; an empty one puts it back to the machine's time. */
export type ClockChange =
  { readonly advance: string } | { readonly set: string } | { readonly frozen: boolean | null };

/** Usage of a company by day, as its application counts it. */
export interface UsageReport {
  readonly marketplace: string | undefined;
  readonly group: string;
  readonly meter: string;
  readonly label: string;
  readonly zone: string;
  /** Of the amounts; the company's, or AUD, where it is not given. */
  readonly currency: string | undefined;
  readonly days: readonly SandboxUsageDay[];
}

/** What the journal is asked for. */
export type ControlJournalQuery = JournalQuery & { readonly problems: boolean; readonly limit: number };

/** `{ event, marketplace?, group?, user?, record?, set?, body?, times?, burst?, credentials? }`. */
export function readEvent(text: string): { what: SandboxEvent; how: DeliveryOptions } {
  const fields = fieldsOf(text, [
    'event',
    'marketplace',
    'group',
    'user',
    'record',
    'set',
    'body',
    'times',
    'burst',
    'credentials',
  ]);
  const { body, set, times = 1, burst = false } = fields;
  if (body !== undefined && !isRecord(body)) throw unreadable('body is no object of resources');
  if (set !== undefined && !isRecord(set)) throw unreadable('set is no object of values by field');
  if (!Number.isInteger(times) || Number(times) < 1 || Number(times) > MAX_TIMES)
    throw unreadable(`times is no whole number from 1 to ${MAX_TIMES}`);
  if (typeof burst !== 'boolean') throw unreadable('burst is neither true nor false');
  return {
    what: {
      event: textOf(fields, 'event') ?? '',
      marketplace: textOf(fields, 'marketplace'),
      group: textOf(fields, 'group'),
      user: textOf(fields, 'user'),
      record: textOf(fields, 'record'),
      set,
      body,
    },
    how: { times: Number(times), burst, credentials: credentialsOf(textOf(fields, 'credentials')) },
  };
}

/** `{ marketplace?, user?, group?, send? }`. */
export function readLogin(text: string): LoginOptions & { readonly send?: string } {
  const fields = fieldsOf(text, ['marketplace', 'user', 'group', 'send']);
  const send = textOf(fields, 'send') ?? VALID;
  const variants = [VALID, ...ASSERTION_VARIANTS.map(({ name }) => name)];
  if (!variants.includes(send)) {
    const near = nearestName(send, variants);
    throw new SandboxError('sandbox.unknown', {
      message: `There is no response "${send}".`,
      remedy: near === null ? 'The pages of the sandbox list them at /logins/new.' : `Did you mean ${near}?`,
    });
  }
  return Object.fromEntries(
    Object.keys(fields).flatMap((name) => {
      const value = textOf(fields, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** `{ advance }`, `{ set }`, `{ frozen }`, or nothing. */
export function readClockChange(text: string): ClockChange {
  const fields = fieldsOf(text, ['advance', 'set', 'frozen']);
  const { frozen = null } = fields;
  if (Object.keys(fields).length > 1) throw unreadable('advance, set and frozen exclude each other');
  if (frozen !== null && typeof frozen !== 'boolean') throw unreadable('frozen is neither true nor false');
  const [advance, set] = [textOf(fields, 'advance'), textOf(fields, 'set')];
  if (advance !== undefined) {
    if (Math.abs(milliseconds(advance)) > LAST_MOMENT / 2)
      throw unreadable('advance is beyond all calendars');
    return { advance };
  }
  if (set === undefined) return { frozen };
  if (Number.isNaN(Date.parse(set))) throw unreadable('set is no moment, such as 2026-01-31T12:00:00Z');
  return { set };
}

/** `{ marketplace?, group, meter, label?, zone?, currency?, days: [{ day, quantity, amount? }] }`. */
export function readUsage(text: string): UsageReport {
  const fields = fieldsOf(text, ['marketplace', 'group', 'meter', 'label', 'zone', 'currency', 'days']);
  const [group, meter] = [textOf(fields, 'group'), textOf(fields, 'meter')];
  if (group === undefined || meter === undefined) throw unreadable('group and meter are required');
  if (!/^[ -~]{1,100}$/.test(meter)) throw unreadable('meter is no name of at most 100 characters');
  const currency = textOf(fields, 'currency');
  if (currency !== undefined && !/^[A-Z]{3}$/.test(currency))
    throw unreadable('currency is no code such as AUD');
  const { days } = fields;
  if (!Array.isArray(days) || days.length > MAX_DAYS)
    throw unreadable(`days are no list of at most ${MAX_DAYS}`);
  return {
    marketplace: textOf(fields, 'marketplace'),
    group,
    meter,
    label: (textOf(fields, 'label') ?? meter).slice(0, 100),
    zone: (textOf(fields, 'zone') ?? 'UTC').slice(0, 60),
    currency,
    days: days.map((one: unknown) => {
      const { day, quantity, amount = null } = isRecord(one) ? one : {};
      if (typeof day !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(day))
        throw unreadable('a day is not written as 2026-09-30');
      if (typeof quantity !== 'string' || !/^\d{1,18}(\.\d{1,6})?$/.test(quantity))
        throw unreadable('a quantity is no decimal text');
      if (amount !== null && (typeof amount !== 'string' || !/^-?\d{1,18}(\.\d{1,18})?$/.test(amount)))
        throw unreadable('an amount is no decimal text');
      return { day, quantity, amount };
    }),
  };
}

/** `after`, `limit`, `problems`, `direction`, `part`, `marketplace`, `text`. */
export function readJournalQuery(query: URLSearchParams): ControlJournalQuery {
  const [direction, part] = [query.get('direction'), query.get('part')];
  if (direction !== null && direction !== 'in' && direction !== 'out')
    throw unreadable('direction is neither in nor out');
  if (part !== null && !isPart(part)) throw unreadable(`part is none of ${PARTS.join(', ')}`);
  const [marketplace, text] = [query.get('marketplace'), query.get('text')];
  return {
    problems: query.get('problems') === 'true',
    limit: numberOf(query, 'limit') ?? MAX_ENTRIES,
    ...(query.has('after') ? { after: numberOf(query, 'after') ?? 0 } : {}),
    ...(direction ? { direction } : {}),
    ...(part ? { part } : {}),
    ...(marketplace ? { marketplace } : {}),
    ...(text ? { text } : {}),
  };
}

function fieldsOf(text: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text || '{}');
  } catch {
    throw unreadable('the body is no JSON');
  }
  if (!isRecord(value)) throw unreadable('the body is no JSON object');
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw unreadable(`${JSON.stringify(unknown.slice(0, 40))} is none of ${known.join(', ')}`);
  return value;
}

function textOf(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw unreadable(`${name} is no text`);
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw unreadable(`${name} is no whole number`);
}

function credentialsOf(name: string | undefined): NonNullable<DeliveryOptions['credentials']> {
  if (name === undefined) return 'valid';
  if (name.startsWith('of:')) return { of: name.slice('of:'.length) };
  const kind = CREDENTIALS.find((one) => one === name);
  if (kind) return kind;
  throw unreadable(`credentials are none of ${CREDENTIALS.join(', ')}, of:MARKETPLACE`);
}

function isPart(text: string): text is SandboxPart {
  return PARTS.some((part) => part === text);
}

function unreadable(what: string): SandboxError {
  return new SandboxError('sandbox.request', {
    message: `The request cannot be read: ${what}.`,
    remedy: 'docs/sandbox.md describes it.',
  });
}

import { hash } from 'node:crypto';

import type { ConnecNotificationContext } from '../../interfaces/connec-notification.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { storeKey } from '../../stores/store-key.js';
import { connecId } from '../client/external-ids.js';

/** What the entities of a notification have in common. */
export interface DeliverySource {
  readonly marketplace: Marketplace;
  readonly attempt: number;
  /** Whether the record's time identifies a delivery, or its whole content. */
  readonly identity: 'version' | 'content';
}

/**
 * One entity of a notification, and what tells its deliveries apart (protocol §7.2). Handlers get it as their context:
 * a second object for each of hundreds of entities would be felt.
 */
export class ConnecDelivery implements ConnecNotificationContext {
  constructor(
    readonly marketplace: Marketplace,
    readonly groupUid: string,
    readonly resource: string,
    readonly recordId: string | null,
    /** Key of the record within group and resource: the id, or the digest of an entity without one. */
    readonly recordKey: string,
    /** When the record changed, in milliseconds; null when the entity does not say. */
    readonly at: number | null,
    /** Digest of the content, where the time alone does not identify the delivery. */
    readonly digest: string | null,
    readonly entity: Readonly<Record<string, unknown>>,
    readonly attempt: number,
  ) {}

  get updatedAt(): Date | null {
    return this.at === null ? null : new Date(this.at);
  }

  get deliveryKey(): string {
    const version = this.digest ?? new Date(this.at ?? 0).toISOString();
    return storeKey(this.marketplace.name, this.groupUid, this.resource, this.recordKey, version);
  }
}

/** Reads what identifies an entity's delivery. */
export function toDelivery(
  { marketplace, attempt, identity }: DeliverySource,
  groupUid: string,
  resource: string,
  entity: Readonly<Record<string, unknown>>,
): ConnecDelivery {
  const at = instantOf(entity.updated_at);
  const recordId = connecId(entity.id);
  // The singular company may come without id; it is the one record of its resource.
  const keyed = recordId !== null || resource === 'company';
  const digest = at !== null && keyed && identity === 'version' ? null : digestOf(entity);
  const recordKey = keyed ? (recordId ?? '') : `#${digest ?? ''}`;
  return new ConnecDelivery(
    marketplace,
    groupUid,
    resource,
    recordId,
    recordKey,
    at,
    digest,
    entity,
    attempt,
  );
}

/** Milliseconds of an ISO 8601 text; null for anything else. A time without zone is read as UTC. */
function instantOf(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const { length } = value;
  // The platform's own form, several times faster than the engine's parser, which knows all forms.
  if (length === PLATFORM_FORM.length && value.charCodeAt(length - 1) === Z) {
    // What comes together was often saved together: comparing is faster still.
    if (value !== lastText) {
      lastInstant = secondsForm(value);
      lastText = value;
    }
    if (lastInstant !== null) return lastInstant;
  }
  const zoned = /(?:Z|[+-]\d\d:?\d\d|GMT|UTC)$/.test(value) ? value : `${value}Z`;
  const instant = Date.parse(zoned);
  return Number.isNaN(instant) ? null : instant;
}

let lastText = '';
let lastInstant: number | null = null;

const PLATFORM_FORM = '2016-08-01T15:30:20Z';
const Z = 90;
const T = 84;
const ZERO = 48;

/** `2016-08-01T15:30:20Z` in milliseconds; null when a place holds something else. */
function secondsForm(text: string): number | null {
  const year = pair(text, 0) * 100 + pair(text, 2);
  const month = pair(text, 5);
  const day = pair(text, 8);
  const hour = pair(text, 11);
  const minute = pair(text, 14);
  const second = pair(text, 17);
  // A place that holds no digits makes its number NaN, which no comparison lets through.
  const valid = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 28;
  if (!valid || !(hour <= 23 && minute <= 59 && second <= 59) || text.charCodeAt(10) !== T) return null;
  return dayOf(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1_000;
}

let lastDay = 0;
let lastDayAt = 0;

/** Midnight in milliseconds. What comes together mostly changed on one day. */
function dayOf(year: number, month: number, day: number): number {
  const wanted = (year * 100 + month) * 100 + day;
  if (wanted === lastDay) return lastDayAt;
  lastDay = wanted;
  lastDayAt = Date.UTC(year, month - 1, day);
  return lastDayAt;
}

/** The number of two digits; NaN for anything else. */
function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function digestOf(entity: Readonly<Record<string, unknown>>): string {
  return hash('sha256', JSON.stringify(entity), 'base64url').slice(0, 22);
}

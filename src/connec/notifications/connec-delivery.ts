import { hash } from 'node:crypto';

import { storeKey } from '../../stores/store-key.js';
import { connecId } from '../client/external-ids.js';

/** One entity of a notification, and what tells its deliveries apart (protocol §7.2). */
export interface ConnecDelivery {
  readonly resource: string;
  readonly groupUid: string;
  /** Connec! id; null for an entity without one. */
  readonly recordId: string | null;
  /** Key of the record within group and resource: the id, or the digest of an entity without one. */
  readonly recordKey: string;
  /** When the record changed, in milliseconds; null when the entity does not say. */
  readonly at: number | null;
  /** Digest of the content, where the time alone does not identify the delivery. */
  readonly digest: string | null;
  readonly entity: Readonly<Record<string, unknown>>;
}

/** Reads what identifies an entity's delivery. */
export function toDelivery(
  resource: string,
  groupUid: string,
  entity: Readonly<Record<string, unknown>>,
  identity: 'version' | 'content',
): ConnecDelivery {
  const at = instantOf(entity.updated_at);
  const recordId = connecId(entity.id);
  // The singular company may come without id; it is the one record of its resource.
  const keyed = recordId !== null || resource === 'company';
  const digest = at !== null && keyed && identity === 'version' ? null : digestOf(entity);
  const recordKey = keyed ? (recordId ?? '') : `#${digest ?? ''}`;
  return { resource, groupUid, recordId, recordKey, at, digest, entity };
}

/** Text that is the same for the same delivery on every instance. */
export function deliveryKey(marketplace: string, delivery: ConnecDelivery): string {
  const version = delivery.digest ?? new Date(delivery.at ?? 0).toISOString();
  return storeKey(marketplace, delivery.groupUid, delivery.resource, delivery.recordKey, version);
}

/** Milliseconds of an ISO 8601 text; null for anything else. A time without zone is read as UTC. */
function instantOf(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const zoned = value.endsWith('Z') || /(?:[+-]\d\d:?\d\d|GMT|UTC)$/.test(value) ? value : `${value}Z`;
  const instant = Date.parse(zoned);
  return Number.isNaN(instant) ? null : instant;
}

function digestOf(entity: Readonly<Record<string, unknown>>): string {
  return hash('sha256', JSON.stringify(entity), 'base64url').slice(0, 22);
}

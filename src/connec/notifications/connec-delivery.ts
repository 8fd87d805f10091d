import { hash } from 'node:crypto';

import type { ConnecNotificationContext } from '../../interfaces/connec-notification.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { companyKeysBelow, storeKey } from '../../stores/store-key.js';
import { parsePlatformInstant } from '../../utils/dates.js';
import { MAX_IDENTIFIER_LENGTH } from '../../utils/platform-identifier.js';
import { connecId } from '../client/external-ids.js';

/** What the entities of a notification have in common. */
export interface DeliverySource {
  readonly marketplace: Marketplace;
  readonly attempt: number;
  /** When the notification came, ISO 8601. */
  readonly receivedAt?: string;
  /** Whether the record's time identifies a delivery, or its whole content. */
  readonly identity: 'version' | 'content';
}

/** How far ahead of our clock the time of a record may be, in milliseconds: a day, for clocks and zones that are off. */
const MAX_AHEAD_MS = 24 * 60 * 60 * 1_000;

/** What the entities of one resource and group have in common. */
export class DeliveryRecords {
  /** Where the store remembers a record of theirs. */
  readonly storeKeyOf: (recordKey: string) => string;
  /** A time beyond that would keep all later updates of its record out, and is none; milliseconds. */
  readonly latest = Date.now() + MAX_AHEAD_MS;

  constructor(
    readonly source: DeliverySource,
    readonly groupUid: string,
    readonly resource: string,
  ) {
    this.storeKeyOf = companyKeysBelow('delivery', source.marketplace.name, groupUid, resource);
  }
}

/** One entity of a notification, and what tells its deliveries apart (protocol §7.2); the context of its handlers. */
export class ConnecDelivery implements ConnecNotificationContext {
  readonly marketplace: Marketplace;
  readonly attempt: number;
  /** When the notification came, ISO 8601. */
  readonly receivedAt: string | null;
  readonly groupUid: string;
  readonly resource: string;
  readonly recordId: string | null;
  /** Key of the record within group and resource: the id, or the digest of an entity without one. */
  readonly recordKey: string;
  /** Where the store remembers the record: the same for all its deliveries. */
  readonly storeKey: string;
  /** When the record changed, in milliseconds; null when the entity does not say, or a time far ahead. */
  readonly at: number | null;
  /** Digest of the content, where the time alone does not identify the delivery. */
  readonly digest: string | null;
  /** Set while a handler runs in a transaction. */
  tx: unknown = undefined;
  readonly #records: DeliveryRecords;
  #controller: AbortController | null = null;
  #stopReason: Error | null = null;

  constructor(
    records: DeliveryRecords,
    readonly entity: Readonly<Record<string, unknown>>,
  ) {
    const { source, groupUid, resource, storeKeyOf, latest } = records;
    this.#records = records;
    this.marketplace = source.marketplace;
    this.attempt = source.attempt;
    this.receivedAt = source.receivedAt ?? null;
    this.groupUid = groupUid;
    this.resource = resource;
    const at = parsePlatformInstant(entity.updated_at);
    this.at = at !== null && at <= latest ? at : null;
    const id = recordIdOf(entity.id);
    // What no identifier can be is not kept; the record is known by its content then.
    this.recordId = id !== null && id.length > MAX_IDENTIFIER_LENGTH ? null : id;
    // The singular company may come without id; it is the one record of its resource.
    const keyed = this.recordId !== null || resource === 'company';
    this.digest = this.at !== null && keyed && source.identity === 'version' ? null : digestOf(entity);
    this.recordKey = keyed ? (this.recordId ?? '') : `#${this.digest ?? ''}`;
    this.storeKey = storeKeyOf(this.recordKey);
  }

  get updatedAt(): Date | null {
    return this.at === null ? null : new Date(this.at);
  }

  /** Made when somebody asks for it, which most handlers never do. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#stopReason) this.#controller.abort(this.#stopReason);
    }
    return this.#controller.signal;
  }

  /** Whether {@link ConnecDelivery.stop} was called. */
  get isStopped(): boolean {
    return this.#stopReason !== null;
  }

  /** Aborts the signal; only the first reason counts. */
  stop(reason: Error): void {
    if (this.#stopReason) return;
    this.#stopReason = reason;
    this.#controller?.abort(reason);
  }

  /** The same delivery with a signal of its own, for a handler that follows one that was stopped. */
  again(): ConnecDelivery {
    return new ConnecDelivery(this.#records, this.entity);
  }

  get deliveryKey(): string {
    const version = this.digest ?? new Date(this.at ?? 0).toISOString();
    return storeKey(this.marketplace.name, this.groupUid, this.resource, this.recordKey, version);
  }
}

/** Some resources are numbered. */
function recordIdOf(id: unknown): string | null {
  return typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : connecId(id);
}

/** Sixteen bytes, as text of its own: a part of the whole digest's would keep all of it in memory. */
function digestOf(entity: Readonly<Record<string, unknown>>): string {
  return hash('sha256', JSON.stringify(entity), 'buffer').toString('base64url', 0, 16);
}

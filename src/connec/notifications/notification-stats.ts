import { Injectable } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';

import type { ConnecNotificationStats } from '../../interfaces/connec-notification.interface.js';
import { errorOrigin } from '../../utils/error-place.js';
import type { ConnecDelivery } from './connec-delivery.js';

/** What became of a delivery, by the name under which it is counted. */
export type DeliveryResult = Extract<
  keyof ConnecNotificationStats,
  'handled' | 'failed' | 'busy' | 'duplicates' | 'stale' | 'unknownGroup' | 'deletedGroup'
>;

/** A delivery whose attempt is over. */
export interface ReportedDelivery {
  readonly delivery: ConnecDelivery;
  readonly result: DeliveryResult;
  /** Where the handler failed, never the text of its error; null where none did. */
  readonly reason: string | null;
}

/** Counts what became of notifications in this process; read by the health check. */
@Injectable()
export class ConnecNotificationCounters {
  /** Notifications of each marketplace since {@link ConnecNotificationCounters.takeArrivals}. */
  #arrivals = new Map<string, number>();
  readonly #deliveries = new Subject<ReportedDelivery>();

  /** Counted up in place. */
  readonly counts: { -readonly [K in keyof ConnecNotificationStats]: number } = {
    received: 0,
    rejected: 0,
    queued: 0,
    handled: 0,
    skipped: 0,
    failed: 0,
    busy: 0,
    duplicates: 0,
    stale: 0,
    unknownResource: 0,
    unknownGroup: 0,
    deletedGroup: 0,
  };

  /** Each delivery as its attempt is over. */
  get deliveries(): Observable<ReportedDelivery> {
    return this.#deliveries.asObservable();
  }

  /** Counts what became of deliveries; `error` is what a handler threw. */
  ended(result: DeliveryResult, deliveries: readonly ConnecDelivery[], error?: unknown): void {
    this.counts[result] += deliveries.length;
    if (!this.#deliveries.observed) return;
    const reason = result === 'failed' ? errorOrigin(error) : null;
    for (const delivery of deliveries) this.#deliveries.next({ delivery, result, reason });
  }

  /** Counts a notification of a marketplace. */
  arrived(marketplace: string): void {
    this.counts.received += 1;
    this.#arrivals.set(marketplace, (this.#arrivals.get(marketplace) ?? 0) + 1);
  }

  /** How many notifications of each marketplace came since this was asked last. */
  takeArrivals(): ReadonlyMap<string, number> {
    const arrivals = this.#arrivals;
    this.#arrivals = new Map();
    return arrivals;
  }

  /** A copy of the numbers as they are now. */
  snapshot(): ConnecNotificationStats {
    return { ...this.counts };
  }
}

import { Injectable } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';

import type { ConnecNotificationStats } from '../../interfaces/connec-notification.interface.js';

/** Counts what became of notifications in this process; read by the health check. */
@Injectable()
export class ConnecNotificationCounters {
  readonly #arrivals = new Subject<string>();

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

  /** The marketplace of each notification as it arrives. */
  get arrivals(): Observable<string> {
    return this.#arrivals.asObservable();
  }

  /** Counts a notification of a marketplace. */
  arrived(marketplace: string): void {
    this.counts.received += 1;
    this.#arrivals.next(marketplace);
  }

  /** A copy of the numbers as they are now. */
  snapshot(): ConnecNotificationStats {
    return { ...this.counts };
  }
}

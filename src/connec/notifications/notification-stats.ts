import { Injectable } from '@nestjs/common';

import type { ConnecNotificationStats } from '../../interfaces/connec-notification.interface.js';

/** Counts what became of notifications in this process; read by the health check. */
@Injectable()
export class ConnecNotificationCounters {
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

  /** A copy of the numbers as they are now. */
  snapshot(): ConnecNotificationStats {
    return { ...this.counts };
  }
}

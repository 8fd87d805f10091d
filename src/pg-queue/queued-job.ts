import type {
  DeadNotification,
  QueuedAttempt,
  QueuedNotification,
} from '../connec/notifications/notification-queue.js';
import type { NotificationBody } from '../connec/notifications/notification-reader.js';
import { entityCounts, listedHistory } from '../connec/notifications/queued-entities.js';
import { numberOf, textOf } from '../sql/sql-values.js';
import type { SqlRow } from '../sql/sql-executor.js';
import { decodeText, encodeText } from '../stores/stored-text.js';

/** What a job of pg-boss holds of a notification. */
export interface QueuedJob {
  readonly notification: QueuedNotification;
  /** Attempts that failed. */
  readonly failures: number;
}

/**
 * The data of a job. The entities are kept as text: `jsonb` has no U+0000, no half characters, no order of names, and
 * numbers of its own.
 */
export function jobData({ notification, failures }: QueuedJob, reason?: string): Record<string, unknown> {
  return {
    marketplace: encodeText(notification.marketplace),
    receivedAt: encodeText(notification.receivedAt),
    failures,
    resources: JSON.stringify(notification.resources),
    ...(notification.history && { history: JSON.stringify(notification.history) }),
    ...(reason === undefined ? {} : { reason: encodeText(reason) }),
  };
}

/** The notification of a job; null for data that nobody here wrote. */
export function readJob(data: unknown): QueuedJob | null {
  const { marketplace, receivedAt, failures, resources, history } = fieldsOf(data);
  if (typeof marketplace !== 'string' || typeof resources !== 'string') return null;
  try {
    return {
      notification: {
        marketplace: decodeText(marketplace),
        receivedAt: decodeText(String(receivedAt)),
        resources: JSON.parse(resources) as NotificationBody,
        ...(typeof history === 'string' && { history: JSON.parse(history) as readonly QueuedAttempt[] }),
      },
      failures: typeof failures === 'number' ? failures : 0,
    };
  } catch {
    return null;
  }
}

/** A dead letter from its row: `id`, `data`, `output`, and `at`, the time in milliseconds. */
export function readDead(row: SqlRow): DeadNotification {
  const job = readJob(row['data']);
  const { reason } = fieldsOf(row['data']);
  return {
    id: textOf(row, 'id'),
    marketplace: job?.notification.marketplace ?? '',
    receivedAt: job?.notification.receivedAt ?? '',
    attempts: job?.failures ?? 0,
    reason: typeof reason === 'string' ? decodeText(reason) : 'Processes died while they handled it.',
    failedAt: new Date(numberOf(row, 'at')).toISOString(),
    entities: entityCounts(job?.notification.resources ?? {}),
    history: job ? listedHistory(job.notification) : [],
  };
}

function fieldsOf(data: unknown): Readonly<Record<string, unknown>> {
  const parsed: unknown = typeof data === 'string' ? JSON.parse(data) : data;
  return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
}

import type {
  NotificationQueue,
  QueuedNotification,
  QueuedOutcome,
} from '../connec/notifications/notification-queue.js';
import type { NotificationBody } from '../connec/notifications/notification-reader.js';

/** What a queue of the contract is made with; more attempts or longer pauses make the cases fail or wait. */
export interface NotificationQueueSetup {
  /** Of the queue, and nobody else's: two with one name are two processes at one queue. */
  readonly name: string;
  /** Whether it also handles. */
  readonly worker: boolean;
  /** Attempts in all before a dead letter. */
  readonly attempts: number;
  /** First pause before another attempt, in milliseconds. */
  readonly backoffMs: number;
  /** When the work of a process that stopped in the middle is taken up, in milliseconds. */
  readonly lockMs: number;
}

/** A queue that the contract opened; `close` ends it as the end of its process would. */
export type ClosableQueue = NotificationQueue & { close?(): Promise<void> };

/** What a case of the contract works with. */
export interface QueueCaseWork {
  /** Opens a queue of this case. */
  readonly open: (more?: Partial<NotificationQueueSetup>) => Promise<ClosableQueue>;
  readonly until: (condition: () => boolean | Promise<boolean>, what: string) => Promise<void>;
}

/** All of it is handled. */
export const DONE: QueuedOutcome = { remaining: null, error: null };

/** A notification of people with these ids. */
export function notification(
  ids: readonly string[],
  { marketplace = 'acme', group = 'cld-1' }: { readonly marketplace?: string; readonly group?: string } = {},
): QueuedNotification {
  const people = ids.map((id) => ({ id, group_id: group, updated_at: '2026-01-01T00:00:00Z' }));
  return { marketplace, receivedAt: new Date().toISOString(), resources: { people } };
}

/** The ids of all its entities. */
export function idsOf(resources: NotificationBody): string[] {
  return Object.values(resources).flatMap((entities) => entities.map(({ id }) => String(id)));
}

/** Whether nothing waits or is handled. */
export async function isEmpty(queue: NotificationQueue): Promise<boolean> {
  const { waiting, active, delayed } = await queue.counts();
  return waiting + active + delayed === 0;
}

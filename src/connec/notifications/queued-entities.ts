import type { NotificationBody } from './notification-reader.js';
import type { QueuedNotification } from './notification-queue.js';

/** Attempts that are remembered, and the longest reason of one. */
const [ATTEMPTS, REASON] = [20, 500];

/** The entities of other groups, null where there are none, and how many there are of this one. */
export function withoutGroup(
  resources: NotificationBody,
  groupUid: string,
): { readonly kept: NotificationBody | null; readonly left: number } {
  let left = 0;
  const kept: Record<string, NotificationBody[string]> = {};
  for (const [resource, entities] of Object.entries(resources)) {
    const others = entities.filter(({ group_id }) => group_id !== groupUid);
    left += entities.length - others.length;
    if (others.length > 0) kept[resource] = others;
  }
  return { kept: Object.keys(kept).length > 0 ? kept : null, left };
}

/** How many entities there are, by resource. */
export function entityCounts(resources: NotificationBody): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(resources).map(([name, list]) => [name, list.length]));
}

/** What is left of a notification, with the attempt that failed in its history. */
export function afterAttempt(
  notification: QueuedNotification,
  remaining: NotificationBody,
  error: Error | null,
): QueuedNotification {
  if (!error) return { ...notification, resources: remaining };
  const attempt = {
    at: new Date().toISOString(),
    reason: error.message.slice(0, REASON),
    entities: entityCounts(remaining),
  };
  const history = [...(notification.history ?? []), attempt].slice(-ATTEMPTS);
  return { ...notification, resources: remaining, history };
}

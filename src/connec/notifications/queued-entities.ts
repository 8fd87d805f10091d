import type { NotificationBody } from './notification-reader.js';
import type { QueuedAttempt, QueuedNotification, QueuedOutcome } from './notification-queue.js';

/** Attempts that are remembered, and the longest reason of one. */
const [ATTEMPTS, REASON] = [20, 500];

/**
 * A notification without anything of a group, also of what earlier attempts were done with: `kept` is null where nothing is
 * left to handle, `removed` how many were. Null where nothing of the group is in it.
 */
export function withoutGroup(
  notification: QueuedNotification,
  groupUid: string,
): { readonly kept: QueuedNotification | null; readonly removed: number } | null {
  const { resources, history } = notification;
  const left = othersOf(resources, groupUid);
  const attempts = history?.map(({ doneSince = {}, ...attempt }) => ({
    attempt,
    done: othersOf(doneSince, groupUid),
  }));
  const { removed } = left;
  if (removed === 0 && (attempts ?? []).every(({ done }) => done.removed === 0)) return null;
  if (Object.keys(left.others).length === 0) return { kept: null, removed };
  const kept = {
    ...notification,
    resources: left.others,
    ...(attempts && {
      history: attempts.map(({ attempt, done }) =>
        Object.keys(done.others).length === 0 ? attempt : { ...attempt, doneSince: done.others },
      ),
    }),
  };
  return { kept, removed };
}

function othersOf(
  resources: NotificationBody,
  groupUid: string,
): { readonly others: NotificationBody; readonly removed: number } {
  let removed = 0;
  const others: Record<string, NotificationBody[string]> = {};
  for (const [resource, entities] of Object.entries(resources)) {
    const some = entities.filter(({ group_id }) => group_id !== groupUid);
    removed += entities.length - some.length;
    if (some.length > 0) others[resource] = some;
  }
  return { others, removed };
}

/** Both, as one body. */
export function joinedBodies(one: NotificationBody, other: NotificationBody): NotificationBody {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(names.map((name) => [name, [...(one[name] ?? []), ...(other[name] ?? [])]]));
}

/** The attempts as lists have them: without what was sent. */
export function listedHistory({
  history = [],
}: Pick<QueuedNotification, 'history'>): readonly QueuedAttempt[] {
  return history.map(({ at, reason, entities }) => ({ at, reason, entities }));
}

/** How many entities there are, by resource. */
export function entityCounts(resources: NotificationBody): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(resources).map(([name, list]) => [name, list.length]));
}

/** What is left of a notification, with the attempt that failed in its history. */
export function afterAttempt(
  notification: QueuedNotification,
  remaining: NotificationBody,
  { error, done = {} }: Pick<QueuedOutcome, 'error' | 'done'>,
): QueuedNotification {
  const history = withDone(notification.history ?? [], done);
  const kept = { ...notification, resources: remaining, ...(history.length > 0 && { history }) };
  if (!error) return kept;
  const at = new Date().toISOString();
  const attempt = { at, reason: error.message.slice(0, REASON), entities: entityCounts(remaining) };
  return { ...kept, history: [...history, attempt].slice(-ATTEMPTS) };
}

/** Notes with the last attempt what was handled after it. What the first attempt handles was left by none. */
function withDone(history: readonly QueuedAttempt[], done: NotificationBody): readonly QueuedAttempt[] {
  const last = history.at(-1);
  if (!last || Object.keys(done).length === 0) return history;
  return [...history.slice(0, -1), { ...last, doneSince: joinedBodies(last.doneSince ?? {}, done) }];
}

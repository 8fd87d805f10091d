import type { DeadNotification } from '../connec/notifications/notification-queue.js';

/** Dead letters with one cause. */
export interface DeadLetterCause {
  /** What the reasons have in common. */
  readonly cause: string;
  /** Newest first. */
  readonly letters: readonly DeadNotification[];
  /** When the oldest and the newest of them were given up, ISO 8601. */
  readonly first: string;
  readonly last: string;
}

/** Longest cause; two reasons that differ behind it only are one. */
const MAX_CAUSE = 160;

/**
 * What reasons that differ in identifiers, numbers and quoted values have in common: `no room for person …`. 37 equal
 * failures are one problem.
 */
export function causeOf(reason: string): string {
  const cause = reason
    .split('\n', 1)[0]!
    .replaceAll(/"[^"]{1,200}"|'[^']{1,200}'|“[^”]{1,200}”/g, '…')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '…')
    .replaceAll(/\S+@\S+/g, '…')
    .replaceAll(/\b[\w-]*\d[\w-]*\b/g, '…')
    .replaceAll(/…(?:[\s,]*…)+/g, '…')
    .trim();
  if (cause === '') return 'no reason was given';
  return cause.length > MAX_CAUSE ? `${cause.slice(0, MAX_CAUSE)}…` : cause;
}

/** Groups dead letters by cause, the largest group first. */
export function groupByCause(letters: readonly DeadNotification[]): readonly DeadLetterCause[] {
  const groups = new Map<string, DeadNotification[]>();
  for (const letter of letters) {
    const cause = causeOf(letter.reason);
    const group = groups.get(cause);
    if (group) group.push(letter);
    else groups.set(cause, [letter]);
  }
  return [...groups]
    .map(([cause, group]) => {
      const times = group.map(({ failedAt }) => failedAt).toSorted();
      return { cause, letters: group, first: times[0] ?? '', last: times.at(-1) ?? '' };
    })
    .toSorted((one, other) => other.letters.length - one.letters.length);
}

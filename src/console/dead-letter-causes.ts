import type { DeadNotification } from '../connec/notifications/notification-queue.js';

/** How many dead letters have one cause. */
export interface DeadLetterCause {
  /** What the reasons have in common. */
  readonly cause: string;
  readonly count: number;
  /** Where they came from. */
  readonly marketplaces: readonly string[];
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
  return mergeCauses(
    letters.map(({ reason, marketplace, failedAt }) => ({
      cause: causeOf(reason),
      count: 1,
      marketplaces: [marketplace],
      first: failedAt,
      last: failedAt,
    })),
  );
}

/** Groups of several parts of the list as groups of the whole, the largest first. */
export function mergeCauses(groups: readonly DeadLetterCause[]): readonly DeadLetterCause[] {
  const merged = new Map<string, { count: number; marketplaces: Set<string>; first: string; last: string }>();
  for (const { cause, count, marketplaces, first, last } of groups) {
    const one = merged.get(cause);
    if (!one) {
      merged.set(cause, { count, marketplaces: new Set(marketplaces), first, last });
      continue;
    }
    one.count += count;
    for (const marketplace of marketplaces) one.marketplaces.add(marketplace);
    if (first < one.first) one.first = first;
    if (last > one.last) one.last = last;
  }
  return [...merged]
    .map(([cause, { marketplaces, ...one }]) => ({ cause, ...one, marketplaces: [...marketplaces] }))
    .toSorted((one, other) => other.count - one.count);
}

import type { NotificationBody } from './notification-reader.js';

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

import type { SandboxMarketplaceRecord } from '../state/records.js';
import type { Delivery } from './delivery.js';

/** What is to be delivered. */
export interface Parcel {
  readonly kind: Delivery['kind'];
  readonly method: string;
  /** Of the application, template filled in. */
  readonly path: string;
  readonly body?: unknown;
  /** Fields of a form, in place of a body in JSON. */
  readonly form?: Readonly<Record<string, string>>;
}

type Paths = SandboxMarketplaceRecord['paths'];

/** A customer cancelled the application (protocol §6.1). */
export function groupDeletion(paths: Paths, groupUid: string): Parcel {
  return { kind: 'group', method: 'DELETE', path: fill(paths.group, { id: groupUid }) };
}

/** A person was taken out of a group (protocol §6.1). */
export function memberRemoval(paths: Paths, groupUid: string, userUid: string): Parcel {
  const path = fill(paths.groupUser, { group_id: groupUid, id: userUid });
  return { kind: 'group-user', method: 'DELETE', path };
}

/** Entities changed in Connec! (protocol §7.1). */
export function notification(paths: Paths, entities: Readonly<Record<string, unknown>>): Parcel {
  return { kind: 'notification', method: 'POST', path: paths.notification, body: entities };
}

/** Fills the placeholders of a path template, textually: it may hold a query (protocol §1.6). */
function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/:(group_id|id)\b/g, (whole, name: string) =>
    values[name] === undefined ? whole : encodeURIComponent(values[name]),
  );
}
